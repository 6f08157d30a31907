/**
 * What irregular input costs, on real series, each by the skill of the same series in the same run (see `streams.ts`):
 * - null: a fifth of the values is null, against the complete series;
 * - dropped: a fifth of the events never comes, against forecasts made at the same events by a model that was told of
 *   each missing one; nothing can know beforehand that the next one will not come;
 * - rates: of each four keys the first has all its values, the others every 2nd, 4th and 8th, against the same values of
 *   each key where all keys are as dense as it is;
 * - mixed: unlike keys with values from every minute to every hour share one model, against each set by itself.
 */
import { uniform } from "../../src/engine/random.js";
import type { ForecastColumns } from "../../src/forecast/columns.js";
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import { dataHere, readWide } from "../support/data.js";
import type { Figure } from "./figures.js";
import {
  grouped,
  meanSkill,
  merge,
  nabStream,
  run,
  skillsOf,
  tableStream,
  type Skills,
  type Stream,
} from "./streams.js";

const removed = 0.2;
/** Of each four keys, the first has all of its values, the second every other one, and so on. */
const rates = [1, 2, 4, 8] as const;

/** Runs the benches for each seed; figures are means over the seeds. The ratio is skill by that of the peer. */
export function benchRobustness(options: ForecasterOptions, seeds: readonly number[]): Figure[] {
  if (!dataHere) return [];
  const sets = new Map(streams());
  const mixed = merged([...sets.values()]);
  const totals = new Map<string, number>();
  const add = (name: string, skill: number): void =>
    void totals.set(name, (totals.get(name) ?? 0) + skill / seeds.length);
  for (const seed of seeds) {
    const forecast = (stream: Stream): ForecastColumns => run(stream, { ...options, seed, loss: "absolute" });
    const skills = (stream: Stream): Skills => skillsOf(stream, forecast(stream));
    const together = skills(mixed);
    for (const [name, stream] of sets) {
      add(`${name}_clean`, meanSkill(skills(stream)));
      const nulls = withNulls(stream, seed);
      const told = forecast(nulls);
      add(`${name}_null`, meanSkill(skillsOf(nulls, told)));
      add(`${name}_told`, meanSkill(skillsOf(nulls, { ...told, expected: lastForecasts(nulls, told) })));
      add(`${name}_dropped`, meanSkill(skills(keep(nulls, (i) => !Number.isNaN(nulls.values[i]!)))));
      add(`${name}_mixed`, meanSkill(new Map([...together].filter(([key]) => stream.keys.includes(key)))));
      if (stream.keys.length < rates.length) continue;
      const alike = rates.map((rate) => skills(thinned(stream, () => rate)));
      const own = stream.keys.flatMap((key, k): [string, number][] => {
        const skill = alike[k % rates.length]!.get(key);
        return skill === undefined ? [] : [[key, skill]];
      });
      add(`${name}_alike`, meanSkill(new Map(own)));
      add(`${name}_rates`, meanSkill(skills(thinned(stream, (k) => rates[k % rates.length]!))));
    }
  }
  const peers = { null: "clean", dropped: "told", rates: "alike", mixed: "clean" };
  return [...sets.keys()].flatMap((set) =>
    Object.entries(peers).flatMap(([kind, peer]): Figure[] => {
      const name = `${set}_${kind}`;
      const value = totals.get(name);
      const other = totals.get(`${set}_${peer}`)!;
      if (value === undefined) return [];
      return [{ name, value, unit: "skill", peer: `${peer} ${other.toFixed(3)}`, ratio: value / other }];
    }),
  );
}

function* streams(): Generator<[string, Stream]> {
  yield ["etth1", prefixed("etth1", tableStream(readWide("ett/ETTh1.csv.gz")))];
  yield ["ettm2", prefixed("ettm2", tableStream(readWide("ett/ETTm2.csv.gz", 40_000)))];
  yield ["nab_aws", nabStream(/realAWSCloudwatch/)];
  yield ["nab_taxi", nabStream(/nyc_taxi/)];
  yield ["nab_machine_temperature", nabStream(/machine_temperature/)];
  const volume = (value: number): number => Math.log1p(value);
  yield [
    "equities_1min_log_volume",
    merge(grouped("stocks/equity-1min.csv.gz", "timestamp", "key", "volume", volume)),
  ];
}

/** The same with keys that no other set has. */
function prefixed(prefix: string, stream: Stream): Stream {
  return { ...stream, keys: stream.keys.map((key) => `${prefix} ${key}`) };
}

function withNulls(stream: Stream, seed: number): Stream {
  const next = uniform(seed);
  return { ...stream, values: stream.values.map((value) => (next() < removed ? NaN : value)) };
}

/** For each value, what had been forecast for the next one when the value before came. */
function lastForecasts({ slots, values }: Stream, { yhat }: ForecastColumns): Float64Array {
  const last = new Map<number, number>();
  return values.map((value, i) => {
    const forecast = last.get(slots[i]!) ?? NaN;
    if (!Number.isNaN(value)) last.set(slots[i]!, yhat[i]!);
    return forecast;
  });
}

/** Every so many-th event of a key. */
function thinned(stream: Stream, rateOf: (slot: number) => number): Stream {
  const seen = new Int32Array(stream.keys.length);
  const kept = stream.slots.map((slot) => (seen[slot]!++ % rateOf(slot) === 0 ? 1 : 0));
  return keep(stream, (i) => kept[i] === 1);
}

function keep(stream: Stream, which: (row: number) => boolean): Stream {
  const kept = (_: number, row: number): boolean => which(row);
  return {
    ...stream,
    slots: stream.slots.filter(kept),
    times: stream.times.filter(kept),
    values: stream.values.filter(kept),
  };
}

/** All streams at once: each moved by whole days so that all begin on the same one. */
function merged(parts: readonly Stream[]): Stream {
  const day = 86_400_000;
  return merge(
    parts.flatMap(({ keys, slots, times, values }) => {
      const shift = Math.floor(Math.min(...times.slice(0, keys.length)) / day) * day;
      return keys.map((key, k) => {
        const own = (column: Float64Array): number[] => [...column].filter((_, i) => slots[i] === k);
        return { key, times: own(times).map((time) => time - shift), values: own(values) };
      });
    }),
  );
}
