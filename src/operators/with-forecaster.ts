/** The lifetime that the operators share: one forecaster for each subscription, made with it and ended with it. */
import { defer, finalize, type OperatorFunction } from "rxjs";

/** Applies `operator` to each subscription with a forecaster of its own. */
export function withForecaster<Forecaster extends { dispose(): void }, In, Out>(
  create: () => Forecaster,
  operator: (forecaster: Forecaster) => OperatorFunction<In, Out>,
): OperatorFunction<In, Out> {
  return (source) =>
    defer(() => {
      const forecaster = create();
      return source.pipe(
        operator(forecaster),
        finalize(() => forecaster.dispose()),
      );
    });
}
