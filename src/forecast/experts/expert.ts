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

export interface Expert {
  readonly name: string;
  /** Singles that it keeps for each key; zero at first. */
  readonly stateSize: number;
  /** Its forecast of the next value, as a scaled change from the base. Its state is `state[at ..]`. */
  forecast(state: Float32Array, at: number, input: ExpertInput): number;
  /** Learns from an observed value, `change` above the base, in the unit of the values; the base then moves there. */
  learn(state: Float32Array, at: number, change: number, scale: number): void;
  /** The base moves by `change` to stand in for a missing value; there is nothing to learn. */
  skip(state: Float32Array, at: number, change: number): void;
}

const nothing = (): void => undefined;

/** An expert that keeps nothing: it repeats what its input holds. */
export function statelessExpert(name: string, forecast: (input: ExpertInput) => number): Expert {
  return {
    name,
    stateSize: 0,
    forecast: (_state, _at, input) => forecast(input),
    learn: nothing,
    skip: nothing,
  };
}
