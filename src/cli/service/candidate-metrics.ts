/** The metrics of a candidate beside those of the live model: the same names, with the label role. */
import { AggregatorRegistry, Registry } from "prom-client";
import { PrometheusTelemetry } from "../../adapters/prometheus/telemetry.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import type { Telemetry } from "../../pipeline/telemetry.js";
import { packageVersion } from "../shared/version.js";

/** Measures a candidate. `held` is asked for the number of keys, which it has in common with the live model. */
export function measureCandidate(
  { cell, hidden, intervalLevels }: ForecasterSettings,
  held: { readonly keyCount: number },
): PrometheusTelemetry {
  return new PrometheusTelemetry({
    version: packageVersion(),
    model: `${cell}${hidden}`,
    level: intervalLevels[0]!,
    keys: () => held.keyCount,
    role: "candidate",
  });
}

/** A receiver that passes on only what the candidate does. */
export function ofCandidate(candidate: Telemetry): Telemetry {
  return { ...ofForecasts(() => undefined), candidate };
}

/** A receiver of nothing but forecasts. */
export function ofForecasts(forecasts: Telemetry["forecasts"]): Telemetry {
  return { forecasts, rejection: () => undefined, update: () => undefined };
}

export type MetricsJson = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** Returns the metrics of several registries, with metrics of one name as one. */
export async function joinedMetrics(registries: readonly Registry[]): Promise<MetricsJson> {
  return (await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).flat();
}

/** Returns what a scrape reads of several registries. */
export function joinedSource(registries: readonly Registry[]): {
  readonly contentType: string;
  metrics(): Promise<string>;
} {
  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    metrics: async () => AggregatorRegistry.aggregate([await joinedMetrics(registries)]).metrics(),
  };
}
