/** A seeded scenario: the settings of a pipeline, and input with all that input can have wrong with it. */
import { filter, map, pipe } from "rxjs";
import type { Reading } from "../../src/pipeline/decode/decode.js";
import type { Operators, RecordForecast } from "../../src/pipeline/operator.js";
import type { InputRecord, RoutedRecord } from "../../src/pipeline/ports.js";
import type { RunOptions } from "../../src/pipeline/run.js";
import { TransactionalLog } from "./log.js";

export interface Scenario {
  readonly options: RunOptions;
  /** Appends everything that ever comes, or the next of it. */
  readonly feed: readonly ((log: TransactionalLog) => void)[];
  readonly partitions: number;
}

const begin = 1_700_000_000_000;
const bytes = (text: string): Uint8Array => Buffer.from(text);

/** `random` is uniform in [0, 1). */
export function makeScenario(random: () => number): Scenario {
  const below = (count: number): number => Math.floor(random() * count);
  const partitions = 1 + below(2);
  const feed: ((log: TransactionalLog) => void)[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const keys = 1 + below(4);
    const count = 30 + below(70);
    let time = begin;
    const walks = Array.from({ length: keys }, () => 0);
    for (let i = 0; i < count; i++) {
      time += below(60_000);
      const k = below(keys);
      walks[k]! += random() - 0.5;
      const record = makeRecord(random, `key-${k}`, time, walks[k]!);
      const gap = random() < 0.2 ? below(4) : 0;
      feed.push((log) => log.append(partition, record, gap));
    }
    if (random() < 0.5) feed.push((log) => log.appendControl(partition, 1));
  }
  return { options: { ...makeOptions(random, below), ...makeOperators(random) }, feed, partitions };
}

function makeRecord(
  random: () => number,
  key: string,
  time: number,
  value: number,
): Omit<InputRecord, "offset"> {
  const fate = random();
  const late = random() < 0.1 ? 300_000 : 0;
  const headers = random() < 0.2 ? [{ name: "trace", value: Uint8Array.of(0, 255, 1) }] : [];
  const record = {
    key: bytes(key),
    value: bytes(JSON.stringify({ value: fate < 0.05 ? null : value })),
    timestamp: time - late,
    headers,
  };
  if (fate > 0.98) return { ...record, value: null };
  if (fate > 0.96) return { ...record, value: Uint8Array.of(0xff, 0x00) };
  if (fate > 0.94) return { ...record, key: null };
  return record;
}

function makeOptions(random: () => number, below: (count: number) => number): RunOptions {
  const policies = ["process", "drop", "dead-letter"] as const;
  return {
    forecaster: {
      ...{ hidden: 4, bpttSteps: 4, stride: 2, bpttWindows: 1 + below(3), harmonics: 1 },
      // Of up to four keys: they take each other's place again and again.
      maxKeys: random() < 0.3 ? 1 + below(3) : 0,
    },
    late: policies[below(3)]!,
    snapshot: { everyEvents: 1 + below(40), everyMs: random() < 0.5 ? 1000 : 300_000 },
    commit: { maxEvents: 1 + below(12) },
  };
}

function makeOperators(random: () => number): Operators {
  const kind = random();
  if (kind < 0.6) return {};
  const kept = (reading: Reading): boolean => Math.floor(reading.time / 1000) % 7 !== 0;
  const isRising = (forecast: RecordForecast): boolean => forecast.yhat > forecast.value;
  const routed = (forecast: RecordForecast): RoutedRecord => ({
    topic: "rising",
    record: { ...forecast.event.record, value: bytes(String(forecast.yhat)) },
  });
  if (kind < 0.8) return { before: filter(kept), after: pipe(filter(isRising), map(routed)) };
  return {
    beforeBatch: (readings) => Promise.resolve(readings.filter(kept)),
    afterBatch: (forecasts) => Promise.resolve(forecasts.filter(isRising).map(routed)),
  };
}
