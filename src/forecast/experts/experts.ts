/** The port of the experts: each forecasts a key's next change in its own way; the mixture weighs them per key. */
import type { ForecasterSettings } from "../settings.js";
import { median } from "./median.js";
import { smoothing } from "./smoothing.js";

/** What an expert may look at when it forecasts. One object is reused for every event. */
export interface ExpertInput {
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
  forecast(state: Float32Array, at: number, situation: ExpertInput): number;
  /** Learns from an observed value, `change` above the base, in the unit of the values; the base then moves there. */
  learn(state: Float32Array, at: number, change: number, scale: number): void;
  /** The base moves by `change` to stand in for a missing value; there is nothing to learn. */
  skip(state: Float32Array, at: number, change: number): void;
}

const nothing = (): void => undefined;

/** An expert that keeps nothing: it repeats what the situation holds. */
function stateless(name: string, forecast: (situation: ExpertInput) => number): Expert {
  return {
    name,
    stateSize: 0,
    forecast: (_state, _at, situation) => forecast(situation),
    learn: nothing,
    skip: nothing,
  };
}

/** The last observed value: what every other expert has to beat, and the floor of the mixture. */
export const persistence = stateless("persistence", (situation) => situation.held);

/** The read-out of the recurrent cell that all keys share. */
const recurrent = stateless("recurrent", (situation) => situation.readout);

/** The key's own read-out. */
const regression = stateless("regression", (situation) => situation.keyReadout);

/**
 * The key's own regression of its seasonally adjusted values (see `horizons.ts`), which writes its forecast into the
 * state when an event comes.
 */
export const seasonal: Expert = {
  name: "seasonal",
  stateSize: 1,
  forecast: (state, at) => state[at]!,
  learn: nothing,
  skip: nothing,
};

/** The experts of a forecaster, in the order of the mixture. */
export function expertsOf(settings: ForecasterSettings): readonly Expert[] {
  const shared = [persistence, smoothing, median, recurrent];
  if (settings.readout === "shared") return shared;
  return settings.readout === "compact" ? [...shared, regression] : [...shared, regression, seasonal];
}
