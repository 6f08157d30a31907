/**
 * A read-out for each key beside the shared one: recursive least squares on what the key's cell and its recent past
 * say, from which the next scaled change is forecast. It learns from one value what the shared weights learn from
 * thousands, and only for its key.
 */
import { Regressions } from "../../engine/wasm/regression.js";
import type { CurrentEvent } from "../current-event.js";
import { clip, placeIn } from "../elementary.js";
import { KeyRow } from "../keys/row.js";
import type { KeyTable } from "../keys/table.js";
import {
  featureInputs,
  featuresInput,
  input,
  inputCount,
  number,
  ownChanges,
  type KeyLayout,
} from "../keys/layout.js";
import type { SteppedRows } from "../../engine/stepped-rows.js";
import { scaleOf } from "../keys/scaling.js";
import type { ForecasterSettings } from "../settings.js";
import { pushOwnChange } from "../keys/surprise.js";

/** Forgetting per observed value: a memory of 5,000 values. */
const forgetting = 0.9998;
/** Variance that the weights gain per observed value. */
const drift = 1e-6;
/** Size, in scaled changes, from which an error is absolute rather than squared: what the mixture minimises. */
const widths = { absolute: 0.5, squared: Infinity } as const;
/** Observed values before a key's read-out learns: until then its scale is not settled. */
const warmUp = 30;
/** Bounds of the regressors, in scaled changes; the level counts a tenth. */
const largestChange = 8;
const largestReadout = 20;
const largestLevel = 10;

/** What the regressors are, besides the shared read-out, the level and a constant. */
interface Regressors {
  readonly hidden: number;
  readonly changes: number;
  readonly harmonics: number;
  /** Inputs of the cell that come from the exogenous features, and the first of them. */
  readonly exogenous: number;
  readonly exogenousFrom: number;
}

function regressorsOf(settings: ForecasterSettings): Regressors {
  const exogenous = featureInputs * settings.featureCount;
  const exogenousFrom = featuresInput(settings);
  const { hidden, harmonics } = settings;
  const changes = ownChanges[settings.readout];
  return settings.readout === "full"
    ? { hidden, changes, harmonics, exogenous, exogenousFrom }
    : { hidden: 0, changes, harmonics: Math.min(3, harmonics), exogenous, exogenousFrom };
}

export class KeyReadout {
  readonly #regressors: Regressors;
  /** Numbers that the cell reads of an event. */
  readonly #inputs: number;
  readonly #regressions: Regressions;
  /** A state of the cell, which begins with the hidden state. */
  #state = new Float32Array(0);
  #learning = 0;
  /** The key of the row under way. */
  readonly #key: KeyRow;

  /** For batches of up to `rows` rows. */
  constructor(settings: ForecasterSettings, layout: KeyLayout, rows: number) {
    this.#key = new KeyRow(layout);
    this.#regressors = regressorsOf(settings);
    this.#inputs = inputCount(settings);
    const { hidden, changes, harmonics, exogenous } = this.#regressors;
    this.#regressions = new Regressions(hidden + changes + 2 * harmonics + exogenous + 3, rows, {
      forgetting,
      width: widths[settings.loss],
      drift,
    });
  }

  get bytes(): number {
    return this.#regressions.bytes;
  }

  /** Floats of a key's state. */
  get stateSize(): number {
    return this.#regressions.rowSize;
  }

  reserve(keys: number): void {
    this.#regressions.reserve(keys);
  }

  start(slot: number): void {
    this.#regressions.start(slot);
  }

  read(slot: number): Float32Array {
    return this.#regressions.read(slot);
  }

  write(slot: number, state: Float32Array): void {
    this.#regressions.write(slot, state);
  }

  /** An event of the key was scored: what forecasts from now on are made of. */
  see(key: KeyRow, now: CurrentEvent): void {
    pushOwnChange(key, this.#regressors.changes, now);
  }

  /** The forecast before was followed by this scaled change: learned from before the next forecast. */
  learn(key: KeyRow, target: number): void {
    if (!settled(key)) return;
    const place = this.#learning++;
    this.#regressions.buffers.rows[place] = key.slot;
    this.#regressions.buffers.targets[place] = target;
  }

  /** Learns what waits, then forecasts for all stepped rows; element i of the result is row i's. */
  forecast(stepped: SteppedRows, keys: KeyTable): Float32Array {
    this.#regressions.learn(this.#learning);
    this.#learning = 0;
    const { rows, forecasts } = this.#regressions.buffers;
    for (let i = 0; i < stepped.count; i++) {
      rows[i] = stepped.slots[i]!;
      this.#write(stepped, i, this.#key.point(keys, rows[i]!));
    }
    this.#regressions.forecast(stepped.count);
    for (let i = 0; i < stepped.count; i++) {
      if (!settled(this.#key.point(keys, stepped.slots[i]!))) forecasts[i] = 0;
    }
    return forecasts;
  }

  dispose(): void {
    this.#regressions.dispose();
  }

  /** Hidden state, recent changes, harmonics, exogenous features, shared read-out, level, one. */
  #write(stepped: SteppedRows, row: number, key: KeyRow): void {
    const { hidden, changes, harmonics, exogenous, exogenousFrom } = this.#regressors;
    const { f64, at64, f32, at32, layout } = key;
    const into = this.#regressions.buffers.features;
    let at = row * this.#regressions.stride;
    if (hidden > 0) {
      if (this.#state.length < stepped.stateSize) this.#state = new Float32Array(stepped.stateSize);
      stepped.readState(row, this.#state);
    }
    for (let unit = 0; unit < hidden; unit++) into[at++] = this.#state[unit]!;
    const ring = at32 + layout.ownChanges;
    // The key can't have had another event since: it waits for the step of the one before.
    const latest = f64[at64 + number.count]! - 1;
    let place = placeIn(changes, latest);
    for (let lag = 0; lag < changes; lag++) {
      into[at++] = latest < lag ? 0 : clip(f32[ring + place]!, largestChange);
      place = place === 0 ? changes - 1 : place - 1;
    }
    const { inputs, readouts } = stepped.buffers;
    const seen = row * this.#inputs;
    for (let i = 0; i < 2 * harmonics; i++) into[at++] = inputs[seen + input.harmonics + i]!;
    for (let i = 0; i < exogenous; i++) into[at++] = inputs[seen + exogenousFrom + i]!;
    into[at++] = clip(readouts[row]!, largestReadout);
    const level = f64[at64 + number.base]! - f64[at64 + number.mean]!;
    into[at++] = clip((0.1 * level) / scaleOf(key), largestLevel);
    into[at] = 1;
  }
}

function settled({ f64, at64 }: KeyRow): boolean {
  return f64[at64 + number.observed]! > warmUp;
}
