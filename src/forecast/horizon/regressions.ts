/**
 * The regressions of a key's seasonally adjusted values: of further steps, and of the next value for those who mix it.
 * Features of the past are made again from rings of what they are made of, when the values of their steps have come.
 */
import { NextRegressions, StepRegressions } from "../../engine/wasm/horizons.js";
import { clip, placeIn } from "../elementary.js";
import { number } from "../keys/layout.js";
import { sampleOf, type StepBlock } from "./blocks.js";
import { stepFeatures, keepFeatures, writeNextFeatures, writeStepFeatures } from "./features.js";
import { horizonFeatures, type HorizonLayout } from "./layout.js";
import { daily } from "./profile.js";
import { withinPeriod } from "../keys/local-clock.js";
import type { HorizonRow } from "./rows.js";

/** Forgetting per observed value: a memory of 5,000 values; and values before it learns. */
const forgetting = 0.9998;
const warmUp = 30;
/** A target counts up to this many scales times √step. */
const largestTarget = 20;

export class Regressions {
  readonly #layout: HorizonLayout;
  readonly #next: NextRegressions | undefined;
  readonly #steps: StepRegressions | undefined;
  /** Bounds of the targets, by step. */
  readonly #bounds: Float64Array;
  #fresh: Float32Array | undefined;

  /** `next`: whether the next value is forecast, too. */
  constructor(layout: HorizonLayout, next: boolean) {
    const { horizon } = layout;
    this.#layout = layout;
    if (next) this.#next = new NextRegressions(horizonFeatures, forgetting);
    if (horizon > 1) this.#steps = new StepRegressions(stepFeatures, horizon, forgetting);
    this.#bounds = Float64Array.from({ length: horizon + 1 }, (_, step) => largestTarget * Math.sqrt(step));
  }

  get bytes(): number {
    return (this.#next?.bytes ?? 0) + (this.#steps?.bytes ?? 0);
  }

  /** Floats of a key. */
  get rowSize(): number {
    return this.nextSize + (this.#steps?.rowSize ?? 0);
  }

  /** Floats of the next value's model; 0 where there is none. */
  get nextSize(): number {
    return this.#next?.rowSize ?? 0;
  }

  /** The models of a new key. */
  get fresh(): Float32Array {
    if (this.#fresh === undefined) {
      const one = new Regressions(this.#layout, this.#next !== undefined);
      one.reserve(1);
      one.start(0);
      this.#fresh = one.read(0);
      one.dispose();
    }
    return this.#fresh;
  }

  reserve(keys: number): void {
    this.#next?.reserve(keys);
    this.#steps?.reserve(keys);
  }

  start(slot: number): void {
    this.#next?.start(slot);
    this.#steps?.start(slot);
  }

  /** What the next value's model and those of further steps are, one behind the other. */
  read(slot: number): Float32Array {
    const row = new Float32Array(this.rowSize);
    if (this.#next !== undefined) row.set(this.#next.read(slot));
    if (this.#steps !== undefined) row.set(this.#steps.read(slot), this.nextSize);
    return row;
  }

  write(slot: number, row: Float32Array): void {
    const split = this.nextSize;
    this.#next?.write(slot, row.subarray(0, split));
    this.#steps?.write(slot, row.subarray(split));
  }

  dispose(): void {
    this.#next?.dispose();
    this.#steps?.dispose();
  }

  /** Takes the adjusted value of the event under way, before the event is kept. */
  learn(row: HorizonRow, missing: boolean): void {
    const { key, event } = row;
    const learns = key.f64[key.at64 + number.observed]! > warmUp;
    if (!missing) this.#learnNext(row, learns);
    if (this.#steps === undefined) return;
    if (!missing && learns) {
      writeStepFeatures(row, this.#layout, event - 1, this.#steps.buffers.features);
      this.#steps.absorb(key.slot);
    }
    for (const block of this.#layout.blocks) {
      const { last } = block;
      if (event - last < warmUp) break;
      if (sampleOf({ stride: block.learnStride }, event - last) >= 0) this.#learnSteps(row, block, missing);
    }
  }

  #learnNext({ key, f64, at64 }: HorizonRow, learns: boolean): void {
    const next = this.#next;
    if (next === undefined) return;
    const { adjusted, adjustedValue, adjustedScale } = this.#layout.f64;
    const change = f64[at64 + adjusted]! - f64[at64 + adjustedValue]!;
    next.buffers.targets[0] = clip(change / f64[at64 + adjustedScale]!, this.#bounds[1]!);
    next.learn(key.slot, learns);
  }

  /** The steps of a block learn from the event whose value at the last of them is the one under way. */
  #learnSteps(row: HorizonRow, { first, last, learnStride }: StepBlock, missing: boolean): void {
    const { key, event, f64, at64, f32, at32 } = row;
    const { horizon, f64: n, f32: s } = this.#layout;
    const steps = this.#steps!;
    const origin = event - last;
    const from = placeIn(horizon, origin);
    const scale = f64[at64 + n.adjustedScales + from]!;
    // An event before the key began anew.
    if (scale === 0) return;
    const before = f64[at64 + n.adjustedValues + from]!;
    const { targets, features } = steps.buffers;
    writeStepFeatures(row, this.#layout, origin, features);
    let place = placeIn(horizon, origin + first);
    for (let step = first; step < last; step++) {
      const change = (f64[at64 + n.adjustedValues + place]! - before) / scale;
      targets[step - 2] = f32[at32 + s.phases + place]! < 0 ? NaN : clip(change, this.#bounds[step]!);
      place = place + 1 === horizon ? 0 : place + 1;
    }
    const change = (f64[at64 + n.adjusted]! - before) / scale;
    targets[last - 2] = missing ? NaN : clip(change, this.#bounds[last]!);
    steps.learn(key.slot, first, last, learnStride);
  }

  /** Keeps the event under way, whose next value is due at a local time. */
  keep(row: HorizonRow, due: number, missing: boolean): void {
    const { event, f64, at64 } = row;
    const { horizon, f64: n } = this.#layout;
    if (this.#steps === undefined) return;
    f64[at64 + n.adjustedValues + placeIn(horizon, event)] = f64[at64 + n.adjustedValue]!;
    f64[at64 + n.adjustedScales + placeIn(horizon, event)] = f64[at64 + n.adjustedScale]!;
    const phase = Math.min(Math.fround(withinPeriod(due, daily.period) / daily.period), lastPhase);
    keepFeatures(row, this.#layout, missing ? phase - 1 : phase);
  }

  /** Forecasts the steps after the event under way, which is kept: changes of the adjusted value in its scales, from step 2 on. */
  forecastSteps(row: HorizonRow): Float32Array {
    const steps = this.#steps!;
    writeStepFeatures(row, this.#layout, row.event, steps.buffers.features);
    steps.forecast(row.key.slot);
    return steps.buffers.forecasts;
  }

  /** Forecasts the next value, which is due at a local time, as a change of the adjusted value in its scales; NaN for those who do not mix it. */
  forecastNext(row: HorizonRow, due: number): number {
    const next = this.#next;
    if (next === undefined) return NaN;
    writeNextFeatures(row, this.#layout, due, next.buffers.features);
    next.forecast(row.key.slot);
    return next.buffers.forecasts[0]!;
  }
}

/** The greatest phase below 1 that less 1 is below 0 in 32 bits. */
const lastPhase = 1 - 2 ** -20;
