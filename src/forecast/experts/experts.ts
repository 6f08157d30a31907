/** The experts of a forecaster. */
import type { ForecasterSettings } from "../settings.js";
import { statelessExpert, type Expert } from "./expert.js";
import { median } from "./median.js";
import { smoothing } from "./smoothing.js";

/** The last observed value: what every other expert has to beat, and the floor of the mixture. */
export const persistence = statelessExpert("persistence", (input) => input.held);

/** The read-out of the recurrent cell that all keys share. */
const recurrent = statelessExpert("recurrent", (input) => input.readout);

/** The key's own read-out. */
const regression = statelessExpert("regression", (input) => input.keyReadout);

/** The key's own regression of its seasonally adjusted values (see `horizon/horizons.ts`). */
const seasonal = statelessExpert("seasonal", (input) => input.seasonal);

/** The experts of a forecaster, in the order of the mixture. */
export function expertsOf(settings: ForecasterSettings): readonly Expert[] {
  const shared = [persistence, smoothing, median, recurrent];
  if (settings.readout === "shared") return shared;
  return settings.readout === "compact" ? [...shared, regression] : [...shared, regression, seasonal];
}
