/** Tells how often records come, and which windows suit events without a number. */
import type { InputRecord } from "../../pipeline/ports.js";

/** A record with its partition. */
export type Placed = readonly [partition: number, record: InputRecord];

const second = 1000;

/** Returns records per second over all partitions, by their timestamps; NaN if they do not tell. */
export function recordsPerSecond(placed: readonly Placed[]): number {
  const spans = new Map<number, { count: number; first: number; last: number }>();
  for (const [partition, { timestamp }] of placed) {
    if (timestamp <= 0) continue;
    const span = spans.get(partition);
    if (span === undefined) spans.set(partition, { count: 1, first: timestamp, last: timestamp });
    else {
      span.count++;
      span.first = Math.min(span.first, timestamp);
      span.last = Math.max(span.last, timestamp);
    }
  }
  const rates = [...spans.values()].flatMap(({ count, first, last }) =>
    last > first ? [(second * (count - 1)) / (last - first)] : [],
  );
  return rates.length === 0 ? NaN : rates.reduce((sum, rate) => sum + rate, 0);
}

const lengths = { "10s": 10, "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86_400 } as const;

/** Returns the shortest usual window in which a key has about ten events; a minute where nothing is known. */
export function windowFor(perSecond: number, keys: number): string {
  const perKey = perSecond / Math.max(1, keys);
  if (Number.isNaN(perKey)) return "1m";
  const [length] = Object.entries(lengths).find(([, seconds]) => perKey * seconds >= 10) ?? ["1d"];
  return length;
}

/** A rate in words: "12 a second", "3 an hour". */
export function rateText(perSecond: number): string {
  const units = [
    ["a second", 1],
    ["a minute", 60],
    ["an hour", 3600],
    ["a day", 86_400],
  ] as const;
  const [unit, seconds] = units.find(([, length]) => perSecond * length >= 1) ?? units[3];
  return `${Number((perSecond * seconds).toPrecision(2)).toLocaleString("en")} ${unit}`;
}
