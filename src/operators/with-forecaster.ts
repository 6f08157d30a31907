/** The lifetime that the operators share: one forecaster for each subscription, made with it and ended with it. */
import { defer, finalize, type OperatorFunction } from "rxjs";
import { EventForecaster, settingsOf, type EventOptions } from "../forecast/objects.js";

/** Applies `operator` to each subscription with a forecaster of its own. Throws SETTING_INVALID at once. */
export function withForecaster<T, In, Out>(
  options: EventOptions<T>,
  operator: (forecaster: EventForecaster<T>) => OperatorFunction<In, Out>,
): OperatorFunction<In, Out> {
  // A wrong setting is a defect of the program that builds the pipeline, not an event of the stream.
  settingsOf(options);
  return (source) =>
    defer(() => {
      const forecaster = new EventForecaster(options);
      return source.pipe(
        operator(forecaster),
        finalize(() => forecaster.dispose()),
      );
    });
}
