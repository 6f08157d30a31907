/** What the operator that answers each event costs beside the one that takes batches, in turn in one process. */
import { bufferCount, count, from, lastValueFrom, type Observable } from "rxjs";
import { forecast } from "../../src/operators/forecast.js";
import { forecastBatches } from "../../src/operators/forecast-batches.js";
import type { Figure } from "./figures.js";

const events = Array.from({ length: 20_000 }, (_, i) => ({
  key: `key ${i % 100}`,
  time: 1.7e12 + Math.floor(i / 100) * 1000,
  value: 10 * Math.sin(i / 500) + ((i * 7919) % 13),
}));
type Event = (typeof events)[number];
const read = { key: (e: Event) => e.key, time: (e: Event) => e.time, value: (e: Event) => e.value };
const rounds = 9;

/** Least CPU time of an event over the rounds: what else the machine does only adds to it. */
export async function benchOperators(): Promise<Figure[]> {
  const contenders: Record<string, () => Observable<unknown>> = {
    forecast: () => from(events).pipe(forecast(read)),
    "forecastBatches of 64": () => from(events).pipe(bufferCount(64), forecastBatches(read)),
    "forecastBatches of 1,000": () => from(events).pipe(bufferCount(1000), forecastBatches(read)),
  };
  const least = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, operate] of Object.entries(contenders)) {
      const begin = process.cpuUsage();
      await lastValueFrom(operate().pipe(count()));
      const { user, system } = process.cpuUsage(begin);
      least.set(name, Math.min(least.get(name) ?? Infinity, (user + system) / events.length));
    }
  }
  const forecastCost = least.get("forecast")!;
  return [...least].map(([name, value]) => ({
    name,
    value,
    unit: "µs an event",
    peer: "forecast",
    ratio: forecastCost / value,
  }));
}
