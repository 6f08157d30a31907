/** A seeded scenario: the settings of a pipeline, and input with all that input can have wrong with it. */
import { filter, map, pipe } from "rxjs";
import type { Reading } from "../../src/pipeline/decode/decode.js";
import { incidentKinds } from "../../src/forecast/incidents/kinds.js";
import { forecasterSettings, type ForecasterSettings } from "../../src/forecast/settings.js";
import { feedbackMessage } from "../../src/pipeline/state/feedback.js";
import { promotionMessage } from "../../src/pipeline/state/promotion.js";
import type { Operators, RecordForecast } from "../../src/pipeline/operator.js";
import type { InputRecord, RoutedRecord } from "../../src/pipeline/ports.js";
import type { RunOptions } from "../../src/pipeline/run.js";
import { TransactionalLog } from "./log.js";

export interface Scenario {
  readonly options: RunOptions;
  /** Appends everything that ever comes, or the next of it. */
  readonly feed: readonly ((log: TransactionalLog) => void)[];
  readonly partitions: number;
  /** Input topics that the partitions are of. */
  readonly topics: number;
}

const begin = 1_700_000_000_000;
const bytes = (text: string): Uint8Array => Buffer.from(text);

/** `random` is uniform in [0, 1). */
export function makeScenario(random: () => number): Scenario {
  const below = (count: number): number => Math.floor(random() * count);
  const partitions = 1 + below(2);
  const feed: ((log: TransactionalLog) => void)[] = [];
  // The options are drawn behind the input.
  const later: { models: readonly ForecasterSettings[] } = { models: [] };
  for (let partition = 0; partition < partitions; partition++) {
    // Detection begins with a key's 101st value: in these partitions faults become incidents.
    const hasFaults = random() < 0.12;
    // With two keys they are a group, whose faults come together; it is judged later than its members.
    const keys = hasFaults ? 1 + below(2) : 1 + below(4);
    const count = hasFaults ? keys * ((keys > 1 ? 190 : 150) + below(60)) : 30 + below(70);
    let time = begin;
    const walks = Array.from({ length: keys }, () => 0);
    for (let i = 0; i < count; i++) {
      time += below(60_000);
      const drawn = below(keys);
      // The first of several keys stays away for a while: others tell of its silence.
      const k = drawn === 0 && keys > 1 && i > 0.6 * count && i < 0.9 * count ? 1 : drawn;
      walks[k]! += random() - 0.5;
      const fault = hasFaults && isFault(i / keys, keys, random) ? 50 * (1 + i / count) : 0;
      const record = makeRecord(random, `key-${k}`, time, walks[k]! + fault);
      const gap = random() < 0.2 ? below(4) : 0;
      feed.push((log) => log.append(partition, record, gap));
      if (random() < 0.03) {
        const value = makeFeedback(random, `key-${below(keys)}`, time);
        feed.push((log) => log.say(partition, value));
      }
      if (random() < 0.04) {
        const which = below(2);
        feed.push((log) => {
          const model = later.models[which]!;
          log.say(partition, bytes(promotionMessage(model, log.committed(partition), true)));
        });
      }
    }
    if (random() < 0.5) feed.push((log) => log.appendControl(partition, 1));
  }
  // Half of those with two partitions have two topics, in which the same keys are other series. No draw of its own: seeds stay.
  const topics = partitions === 2 && feed.length % 2 === 0 ? 2 : 1;
  const options = { ...makeOptions(random, below), ...makeOperators(random), severalTopics: topics > 1 };
  later.models = modelsOf(options);
  return { options, feed, partitions, topics };
}

/** Says that a kind of incidents is fine for a key for some minutes or hours. */
function makeFeedback(random: () => number, key: string, time: number): Uint8Array {
  const kinds = [...incidentKinds, "silence", "spike", "group"] as const;
  const kind = kinds[Math.floor(random() * kinds.length)]!;
  const until = Math.floor(time + random() * 20_000_000);
  return bytes(feedbackMessage("expected", "", { key: kind === "group" ? "key" : key, kind, until }));
}

/** Whether a value deviates: now and then that of a single key, and for some values in a row those of several. */
function isFault(value: number, keys: number, random: () => number): boolean {
  if (keys > 1) return value > 150 && Math.floor(value) % 25 < 3;
  return value > 110 && random() < 0.04;
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
    value: bytes(JSON.stringify({ value: fate < 0.05 ? null : value, site: "north" })),
    timestamp: time - late,
    headers,
  };
  if (fate > 0.98) return { ...record, value: null };
  if (fate > 0.96) return { ...record, value: Uint8Array.of(0xff, 0x00) };
  if (fate > 0.94) return { ...record, key: null };
  return record;
}

/** A model beside the live one, of another cell and without a bound of keys. */
const candidateModel = {
  ...{ hidden: 4, bpttSteps: 3, stride: 1, bpttWindows: 2, harmonics: 1, alarmRate: 0.02 },
  cell: "rnn",
  detection: { silence: true, group: { path: "site" } },
} as const;

function makeOptions(random: () => number, below: (count: number) => number): RunOptions {
  const policies = ["process", "drop", "dead-letter"] as const;
  const functions = ["count", "mean", "last", "rate", "p90"];
  const windows = (): NonNullable<RunOptions["forecaster"]> => {
    if (random() >= 0.25) return {};
    const aggregate = {
      every: `${20 + below(60)}s`,
      by: functions[below(functions.length)]!,
      grace: random() < 0.5 ? "0s" : "90s",
      maxEmpty: below(5),
    };
    return { aggregate };
  };
  const options: RunOptions = {
    forecaster: {
      ...{ hidden: 4, bpttSteps: 4, stride: 2, bpttWindows: 1 + below(3), harmonics: 1, alarmRate: 0.02 },
      detection: { silence: true, group: random() < 0.5 ? "^([^-]+)-" : { path: "site" } },
      // Of up to four keys: they take each other's place again and again.
      maxKeys: random() < 0.3 ? 1 + below(3) : 0,
    },
    ...(random() < 0.3 && { candidate: { forecaster: candidateModel, emitIncidents: true } }),
    late: policies[below(3)]!,
    snapshot: { everyEvents: 1 + below(40), everyMs: random() < 0.5 ? 1000 : 300_000 },
    commit: { maxEvents: 1 + below(12) },
  };
  return { ...options, forecaster: { ...options.forecaster, ...windows() } };
}

/** The settings of the model and of the candidate. Commands name the latter also where there is none. */
export function modelsOf({ forecaster = {} }: RunOptions): readonly ForecasterSettings[] {
  const { aggregate } = forecaster;
  return [forecaster, { ...candidateModel, aggregate }].map((options) => forecasterSettings(options));
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
