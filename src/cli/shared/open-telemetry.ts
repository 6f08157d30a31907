/** Starts the exports of OpenTelemetry that a configuration asks for. */
import type { Export } from "../../adapters/opentelemetry/open-telemetry.js";
import type { PrometheusMetric } from "../../adapters/opentelemetry/prometheus-metrics.js";
import type { Config } from "../../config/schema.js";
import type { BatchTracer } from "../../pipeline/telemetry.js";
import { packageVersion } from "./version.js";

export interface Exports {
  /** Follows batches; undefined without traces. */
  readonly tracer: BatchTracer | undefined;
  /** Sends what waits, and ends the exports. */
  close(): Promise<void>;
}

export interface ExportReports {
  /** Called with what goes wrong with an export. */
  readonly warn: (message: string) => void;
  /** Returns the metrics as JSON; without it none are exported. */
  readonly metrics?: () => Promise<readonly PrometheusMetric[]>;
}

/** Loads nothing unless the configuration asks for an export. Throws OPENTELEMETRY_MISSING. */
export async function startExports(
  { applicationId: application, openTelemetry }: Pick<Config, "applicationId" | "openTelemetry">,
  { warn, metrics }: ExportReports,
): Promise<Exports> {
  const exports: Export[] = [];
  let tracer: BatchTracer | undefined;
  if (openTelemetry.traces || openTelemetry.metrics) {
    const { exportMetrics, exportTraces } = await import("../../adapters/opentelemetry/open-telemetry.js");
    const service = { application, version: packageVersion(), warn };
    if (openTelemetry.traces) {
      const traces = await exportTraces(openTelemetry, service);
      tracer = traces.tracer;
      exports.push(traces);
    }
    if (openTelemetry.metrics && metrics !== undefined) {
      exports.push(await exportMetrics(openTelemetry, service, metrics));
    }
  }
  const close = async (): Promise<void> => {
    await Promise.all(exports.map((each) => each.close()));
  };
  return { tracer, close };
}
