/** The port of the experts: each forecasts a key's next change in its own way; the mixture weighs them per key. */

/** What an expert may look at when it forecasts. One object is reused for every event. */
export interface ExpertInput {
  /** The key's scale: the running root mean square of its changes, in the unit of its values. */
  scale: number;
  /** The last observed value as a scaled change from the base: 0 unless the last value was missing. */
  held: number;
  /** The recurrent cell's shared read-out, and that of the key's own; scaled changes. */
  readout: number;
  keyReadout: number;
  /** What the regression of the key's seasonally adjusted values says of the next value; a scaled change. */
  seasonal: number;
}

/** Discounted absolute errors, in scales (see `losses.ts`), that experts compare with theirs. */
export interface ComparedLosses {
  /** Of the mixture of the experts, and of the last observed value. */
  ofMixture: number;
  ofLast: number;
}

/** What a change is measured by. One object is reused for every event. */
export interface LearnedSizes {
  /** The key's scale. */
  scale: number;
  /** Size of the errors that are usual at the hour, in those usual over all hours (`keys/spread.ts`). */
  spread: number;
  /** Share of the usual step that a level moves by at this hour: 1 where all hours are alike, less the noisier the hour is. */
  weight: number;
}

export interface Expert {
  readonly name: string;
  /** Singles that it keeps for each key; zero at first. */
  readonly stateSize: number;
  /** Its forecast of the next value, as a scaled change from the base. Its state is `state[at ..]`. */
  readonly forecast: (state: Float32Array, at: number, input: ExpertInput) => number;
  /**
   * Of an expert that may sleep: the discounted absolute errors of its forecasts relative to those of the mixture. Infinity
   * where it has nothing to say, or says it no better than the last value.
   */
  readonly relativeLoss?: (state: Float32Array, at: number, losses: ComparedLosses) => number;
  /** Of an expert that learns: takes an observed value, `change` above the base, in the unit of the values; the base then moves there. */
  readonly learn?: (state: Float32Array, at: number, change: number, sizes: LearnedSizes) => void;
  /** Of an expert that learns: the base moves by `change` to stand in for a missing value; there is nothing to learn. */
  readonly skip?: (state: Float32Array, at: number, change: number) => void;
}
