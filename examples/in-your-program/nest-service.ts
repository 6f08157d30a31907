/** NestJS: a provider that holds one forecaster for the application; controllers ask it. Nest calls `onModuleDestroy`. */
import { createForecaster, type NextForecast, type Observation } from "undercurrent-forecast";

export class ForecastService {
  readonly #forecaster = createForecaster({ horizon: 24 });

  observe(readings: Observation[]): void {
    this.#forecaster.observe(readings);
  }
  next(key: string): NextForecast | undefined {
    return this.#forecaster.forecast(key);
  }
  onModuleDestroy(): void {
    this.#forecaster.dispose();
  }
}
