/** Options of OpenTelemetry. */
export interface OpenTelemetryOptions {
  /** Base URL of an OTLP receiver. Default: OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318. */
  readonly endpoint?: string | undefined;
  readonly traces: boolean;
  readonly metrics: boolean;
  /** Share of the batches that are traced, 0 to 1. */
  readonly sampleRatio: number;
  /** Time between two exports of metrics, in ms. */
  readonly metricsEveryMs: number;
}
