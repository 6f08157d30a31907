/**
 * Estimates a percentile of values in bounded memory: a DDSketch (Masson, Rim and Lee, VLDB 2019), whose estimates are within
 * 0.5 % of a value of that rank. Its state depends on the values and their order alone.
 */
import { LogCollapsingLowestDenseDDSketch } from "@datadog/sketches-js";
import { exponential, logarithm } from "../elementary.js";
import type { ByteReader, ByteWriter } from "../snapshot/bytes.js";

const relativeAccuracy = 0.005;
/** Bins of a sketch: values over a range of 1 to 10^8 keep the accuracy, smaller ones share the lowest bin. */
const binLimit = 2048;

/** The library's store of bins, with the fields that a copy needs. */
type Store = LogCollapsingLowestDenseDDSketch["store"] & { isCollapsed: boolean };

const gamma = (1 + relativeAccuracy) / (1 - relativeAccuracy);
const perLog = 1 / logarithm(gamma);
/** Smaller values count as 0. */
const smallest = 1e-300;

/** The library's own mapping takes Math.log, whose last bits differ between engines. */
const mapping: LogCollapsingLowestDenseDDSketch["mapping"] = {
  relativeAccuracy,
  gamma,
  minPossible: smallest,
  maxPossible: 1e300,
  key: (value) => Math.ceil(logarithm(value) * perLog),
  value: (key) => exponential(key / perLog) * (2 / (1 + gamma)),
  toProto: () => {
    throw new TypeError("snapshots hold a sketch in a form of their own");
  },
};

export class Percentile {
  readonly #sketch: LogCollapsingLowestDenseDDSketch;

  constructor() {
    this.#sketch = new LogCollapsingLowestDenseDDSketch({ relativeAccuracy, binLimit });
    this.#sketch.mapping = mapping;
  }

  add(value: number): void {
    this.#sketch.accept(value);
  }

  /** Returns the value at a quantile from 0 to 1; NaN without values. */
  at(quantile: number): number {
    const { min, max } = this.#sketch;
    return Math.min(max, Math.max(min, this.#sketch.getValueAtQuantile(quantile)));
  }

  write(body: ByteWriter): void {
    const { store, negativeStore, zeroCount, min, max, sum } = this.#sketch;
    for (const number of [zeroCount, min, max, sum]) body.float(number);
    writeStore(body, store as Store);
    writeStore(body, negativeStore as Store);
  }

  static read(body: ByteReader): Percentile {
    const percentile = new Percentile();
    const sketch = percentile.#sketch;
    sketch.zeroCount = body.float();
    sketch.min = body.float();
    sketch.max = body.float();
    sketch.sum = body.float();
    readStore(body, sketch.store as Store);
    readStore(body, sketch.negativeStore as Store);
    sketch.count = sketch.zeroCount + sketch.store.count + sketch.negativeStore.count;
    return percentile;
  }
}

function writeStore(body: ByteWriter, { bins, offset, minKey, maxKey, isCollapsed }: Store): void {
  body.count(bins.length);
  if (bins.length === 0) return;
  for (const number of [offset, minKey, maxKey, isCollapsed ? 1 : 0]) body.float(number);
  body.f64(Float64Array.from(bins.slice(minKey - offset, maxKey - offset + 1)));
}

/** Throws RangeError for what no sketch can have written. */
function readStore(body: ByteReader, store: Store): void {
  const length = body.count();
  if (length === 0) return;
  const [offset, minKey, maxKey, collapsed] = [body.float(), body.float(), body.float(), body.float()];
  const held = body.f64();
  const first = minKey - offset;
  const fits = Number.isInteger(first) && first >= 0 && held.length === maxKey - minKey + 1;
  if (!fits || length > binLimit || first + held.length > length) {
    throw new RangeError("the bins of a percentile do not fit");
  }
  store.bins = new Array<number>(length).fill(0);
  for (let i = 0; i < held.length; i++) store.bins[first + i] = held[i]!;
  Object.assign(store, { offset, minKey, maxKey, isCollapsed: collapsed === 1 });
  store.count = held.reduce((sum, count) => sum + count, 0);
}
