/** The keys that a report shows in detail: which, their last values, and all their values in bins. */
import type { FeaturedKey } from "../../adapters/web/report-data.js";
import type { KeySummary } from "../../forecast/evaluation/summary.js";
import { columnOf, short } from "./report-numbers.js";
import type { RecordedEvent } from "./report-record.js";

const recentValues = 200;
const mostBins = 400;
const mostAnomalies = 200;
/** Scored values without which a key is no fair example, unless there is none better. */
const enough = 30;

/** Indices of the best, the median and the worst key by skill, each but once. */
export function choose(keys: readonly KeySummary[]): Pick<FeaturedKey, "role" | "index">[] {
  const all = keys.map((_, index) => index).filter((index) => keys[index]!.skill !== null);
  const fair = all.filter((index) => keys[index]!.scored >= enough);
  const ranked = (fair.length > 0 ? fair : all).sort((a, b) => keys[b]!.skill! - keys[a]!.skill!);
  if (ranked.length === 0) return keys.length === 0 ? [] : [{ role: "only", index: 0 }];
  if (ranked.length === 1) return [{ role: "only", index: ranked[0]! }];
  const [best, worst] = [
    { role: "best", index: ranked[0]! },
    { role: "worst", index: ranked.at(-1)! },
  ] as const;
  if (ranked.length === 2) return [best, worst];
  return [best, { role: "median", index: ranked[ranked.length >> 1]! }, worst];
}

/** Collects one key's events for a report. */
export class KeyCourse {
  readonly #eventsPerBin: number;
  readonly #bins: Bin[] = [];
  readonly #recent: RecordedEvent[] = [];
  readonly #anomalies: RecordedEvent[] = [];
  #count = 0;

  /** `events` are those that will come. */
  constructor(events: number) {
    this.#eventsPerBin = Math.max(1, Math.ceil(events / mostBins));
  }

  add(event: Readonly<RecordedEvent>): void {
    if (this.#count % this.#eventsPerBin === 0) {
      this.#bins.push({ time: event.time, least: NaN, greatest: NaN, lower: NaN, upper: NaN });
    }
    this.#count++;
    const bin = this.#bins.at(-1)!;
    bin.least = lesser(bin.least, event.value);
    bin.greatest = greater(bin.greatest, event.value);
    bin.lower = lesser(bin.lower, event.lower);
    bin.upper = greater(bin.upper, event.upper);
    const copy = { ...event };
    if (event.anomalyScore > 1) this.#anomalies.push(copy);
    if (this.#recent.push(copy) > recentValues) this.#recent.shift();
  }

  read(): Pick<FeaturedKey, "recent" | "whole" | "anomalies"> {
    // Events may come out of the order of time; a chart can't.
    const recent = this.#recent.toSorted(byTime);
    const bins = this.#bins.toSorted(byTime);
    const anomalies = this.#anomalies
      .toSorted((a, b) => b.anomalyScore - a.anomalyScore)
      .slice(0, mostAnomalies)
      .sort(byTime);
    return {
      recent: {
        times: recent.map(({ time }) => time),
        values: columnOf(recent.map(({ value }) => value)),
        expected: columnOf(recent.map(({ expected }) => expected)),
        lower: columnOf(recent.map(({ lower }) => lower)),
        upper: columnOf(recent.map(({ upper }) => upper)),
        anomalyScores: columnOf(recent.map(({ anomalyScore }) => anomalyScore)),
      },
      whole: {
        eventsPerBin: this.#eventsPerBin,
        times: bins.map(({ time }) => time),
        least: columnOf(bins.map(({ least }) => least)),
        greatest: columnOf(bins.map(({ greatest }) => greatest)),
        lower: columnOf(bins.map(({ lower }) => lower)),
        upper: columnOf(bins.map(({ upper }) => upper)),
      },
      anomalies: {
        times: anomalies.map(({ time }) => time),
        values: anomalies.map(({ value }) => short(value)!),
      },
    };
  }
}

interface Bin {
  readonly time: number;
  least: number;
  greatest: number;
  lower: number;
  upper: number;
}

function byTime(a: { readonly time: number }, b: { readonly time: number }): number {
  return a.time - b.time;
}

/** The lesser of two numbers, NaN standing for none. */
function lesser(a: number, b: number): number {
  return Number.isNaN(a) || b < a ? b : a;
}

/** The greater of two numbers, NaN standing for none. */
function greater(a: number, b: number): number {
  return Number.isNaN(a) || b > a ? b : a;
}
