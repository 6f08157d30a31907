/** The experts of a forecaster. */
import { clip } from "../elementary.js";
import type { ForecasterSettings } from "../settings.js";
import { statelessExpert, type Expert, type ExpertInput } from "./expert.js";
import { median } from "./median.js";
import { periodic } from "./periodic.js";
import { smoothing } from "./smoothing.js";
import { trend } from "./trend.js";

/** The last observed value: what every other expert has to beat, and the floor of the mixture. */
export const persistence = statelessExpert("persistence", (input) => input.held);

/** What a read-out or a regression forecasts is cut here, in scaled changes. */
const largestForecast = 20;
const bounded = (name: string, forecast: (input: ExpertInput) => number): Expert =>
  statelessExpert(name, (input) => clip(forecast(input), largestForecast));

/** The read-out of the recurrent cell that all keys share. */
const recurrent = bounded("recurrent", (input) => input.readout);

/** The key's own read-out. */
const regression = bounded("regression", (input) => input.keyReadout);

/** The key's own regression of its seasonally adjusted values (see `horizon/horizons.ts`). */
const seasonal = bounded("seasonal", (input) => input.seasonal);

/** The experts of a forecaster, in the order of the mixture. */
export function expertsOf(settings: ForecasterSettings): readonly Expert[] {
  const own = { shared: [], compact: [regression], full: [regression, seasonal] } as const;
  return [persistence, smoothing, median, recurrent, ...own[settings.readout], trend, periodic];
}
