/** The experts of a forecaster. */
import { clip } from "../elementary.js";
import type { ForecasterSettings } from "../settings.js";
import type { Expert } from "./expert.js";
import { median } from "./median.js";
import { periodic } from "./periodic.js";
import { smoothing } from "./smoothing.js";
import { trend } from "./trend.js";

/** The last observed value: what every other expert has to beat, and the floor of the mixture. */
export const persistence: Expert = {
  name: "persistence",
  stateSize: 0,
  forecast: (_state, _at, input) => input.held,
};

/** What a read-out or a regression forecasts is cut here, in scaled changes. */
const largestForecast = 20;

/** The read-out of the recurrent cell that all keys share. */
const recurrent: Expert = {
  name: "recurrent",
  stateSize: 0,
  forecast: (_state, _at, input) => clip(input.readout, largestForecast),
};

/** The key's own read-out. */
const regression: Expert = {
  name: "regression",
  stateSize: 0,
  forecast: (_state, _at, input) => clip(input.keyReadout, largestForecast),
};

/** The key's own regression of its seasonally adjusted values (see `horizon/horizons.ts`). */
const seasonal: Expert = {
  name: "seasonal",
  stateSize: 0,
  forecast: (_state, _at, input) => clip(input.seasonal, largestForecast),
};

/** The experts of a forecaster, in the order of the mixture. */
export function expertsOf(settings: ForecasterSettings): readonly Expert[] {
  const own = { shared: [], compact: [regression], full: [regression, seasonal] } as const;
  return [persistence, smoothing, median, recurrent, ...own[settings.readout], trend, periodic];
}
