/**
 * This machine's load and memory, forecast live: a line a second with what is expected next, for as many seconds as the
 * argument says, or until Ctrl-C. A process that eats the memory or the processors shows as a score above 1, once a
 * hundred readings are known.
 */
import os from "node:os";
import { concatMap, from, interval, take } from "rxjs";
import { forecast } from "undercurrent-forecast";

const seconds = Number(process.argv[2] ?? Infinity);

interface Reading {
  readonly metric: string;
  readonly at: number;
  readonly value: number;
}

function read(): Reading[] {
  const at = Date.now();
  return [
    { metric: "load", at, value: os.loadavg()[0]! },
    { metric: "memory in use", at, value: 1 - os.freemem() / os.totalmem() },
  ];
}

interval(1000)
  .pipe(
    take(seconds),
    concatMap(() => from(read())),
    forecast({
      key: (r) => r.metric,
      time: (r) => r.at,
      value: (r) => r.value,
      // Neither is ever below 0, so no forecast and no interval is.
      kind: "rate",
    }),
  )
  .subscribe(({ key, value, yhat, yhatLower, yhatUpper, anomalyScore }) => {
    const interval = `${yhatLower.toFixed(3)} to ${yhatUpper.toFixed(3)}`;
    const mark = anomalyScore > 1 ? "  <- anomaly" : "";
    console.log(key.padEnd(14), value.toFixed(3), "next", yhat.toFixed(3), "within", interval, mark);
  });
