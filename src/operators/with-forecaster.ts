/** What the operators share: one forecaster for each subscription, made with it and ended with it. */
import { defer, filter, finalize, map, pipe, type OperatorFunction } from "rxjs";

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

/** Emits the forecast of each event that the subscription's forecaster does not refuse. */
export function forecastEach<T, Forecast extends object>(
  create: () => { observe(events: readonly T[]): Forecast[]; dispose(): void },
): OperatorFunction<T, Forecast> {
  return withForecaster(create, (forecaster) =>
    pipe(
      map((event: T) => forecaster.observe([event])[0]),
      filter((forecast) => forecast !== undefined),
    ),
  );
}
