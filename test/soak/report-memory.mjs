/** Loaded into an instance of a soak: every ten seconds it logs what the process holds after a collection. */
import process from "node:process";
import { setInterval } from "node:timers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

setInterval(() => {
  collect();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  process.stderr.write(`${JSON.stringify({ event: "memory", rss, heap: heapUsed, arrays: arrayBuffers })}\n`);
}, 10_000).unref();
