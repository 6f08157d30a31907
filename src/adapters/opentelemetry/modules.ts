/** Loads the optional packages of OpenTelemetry when they are needed. */
import type * as Api from "@opentelemetry/api";
import type * as MetricExporter from "@opentelemetry/exporter-metrics-otlp-http";
import type * as TraceExporter from "@opentelemetry/exporter-trace-otlp-http";
import type * as Resources from "@opentelemetry/resources";
import type * as Metrics from "@opentelemetry/sdk-metrics";
import type * as Traces from "@opentelemetry/sdk-trace-base";
import { UndercurrentError } from "../../errors/errors.js";

/** Returns the module of each package; each is loaded once. Throws OPENTELEMETRY_MISSING. */
export const modules = {
  api: () => load<typeof Api>("@opentelemetry/api"),
  resources: () => load<typeof Resources>("@opentelemetry/resources"),
  traces: () => load<typeof Traces>("@opentelemetry/sdk-trace-base"),
  traceExporter: () => load<typeof TraceExporter>("@opentelemetry/exporter-trace-otlp-http"),
  metrics: () => load<typeof Metrics>("@opentelemetry/sdk-metrics"),
  metricExporter: () => load<typeof MetricExporter>("@opentelemetry/exporter-metrics-otlp-http"),
} as const;

async function load<T>(name: string): Promise<T> {
  try {
    // The packages are CommonJS: some exports are found by their names, all in the default one.
    const module = (await import(name)) as { readonly default?: Partial<T> } & T;
    return { ...module.default, ...module };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new UndercurrentError("OPENTELEMETRY_MISSING", `${name} is not installed`, { cause });
  }
}
