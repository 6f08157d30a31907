/** The port of the experts: each forecasts a key's next change in its own way; the mixture weighs them per key. */

/** What an expert may look at when it forecasts. One object is reused for every event. */
export interface Situation {
  /** The key's scale: the running root mean square of its changes, in the unit of its values. */
  scale: number;
  /** The last observed value as a scaled change from the base: 0 unless the last value was missing. */
  held: number;
  /** The recurrent cell's shared read-out, and that of the key's own; scaled changes. */
  readout: number;
  keyReadout: number;
}

export interface Expert {
  readonly name: string;
  /** Singles that it keeps for each key; zero at first. */
  readonly stateSize: number;
  /** Its forecast of the next value, as a scaled change from the base. */
  forecast(state: Float32Array, at: number, situation: Situation): number;
  /** Learns from an observed value, `change` above the base, in the unit of the values; the base then moves there. */
  learn(state: Float32Array, at: number, change: number, scale: number): void;
  /** The base moves by `change` to stand in for a missing value; there is nothing to learn. */
  skip(state: Float32Array, at: number, change: number): void;
}

const nothing = (): void => undefined;

/** The last observed value: what every other expert has to beat, and the floor of the mixture. */
export const persistence: Expert = {
  name: "persistence",
  stateSize: 0,
  forecast: (_state, _at, situation) => situation.held,
  learn: nothing,
  skip: nothing,
};

/** The read-out of the recurrent cell that all keys share. */
export const recurrent: Expert = {
  name: "recurrent",
  stateSize: 0,
  forecast: (_state, _at, situation) => situation.readout,
  learn: nothing,
  skip: nothing,
};

/** The key's own read-out. */
export const regression: Expert = {
  name: "regression",
  stateSize: 0,
  forecast: (_state, _at, situation) => situation.keyReadout,
  learn: nothing,
  skip: nothing,
};
