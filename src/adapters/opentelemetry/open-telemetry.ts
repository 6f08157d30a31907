/** Exports traces and metrics by OTLP over HTTP, with the packages of OpenTelemetry. */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type * as Api from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { BatchTracer } from "../../pipeline/telemetry.js";
import { batchTracer } from "./batch-tracer.js";
import { modules } from "./modules.js";
import type { OpenTelemetryOptions } from "./options.js";
import { metricData, type PrometheusMetric } from "./prometheus-metrics.js";

/** What exports name the service by. */
export interface ExportedService {
  /** The consumer group. */
  readonly application: string;
  readonly version: string;
  /** Called with what the packages complain of, such as a receiver that is away. */
  readonly warn: (message: string) => void;
}

/** An export that is under way. */
export interface Export {
  /** Sends what waits, for at most 2 seconds, and ends. */
  close(): Promise<void>;
}

/** Time for the last export, in ms: a receiver that is away must not hold up the end. */
const closingMs = 2000;
const scope = { name: "undercurrent" };

/** Starts to export traces. Throws OPENTELEMETRY_MISSING. */
export async function exportTraces(
  { endpoint, sampleRatio }: OpenTelemetryOptions,
  service: ExportedService,
): Promise<Export & { readonly tracer: BatchTracer }> {
  const [api, traces, { OTLPTraceExporter }] = await Promise.all([
    modules.api(),
    modules.traces(),
    modules.traceExporter(),
  ]);
  reportTo(api, service);
  const provider = new traces.BasicTracerProvider({
    resource: await resourceOf(service),
    sampler: new traces.TraceIdRatioBasedSampler(sampleRatio),
    spanProcessors: [new traces.BatchSpanProcessor(new OTLPTraceExporter(urlOf(endpoint, "traces")))],
  });
  const tracer = provider.getTracer(scope.name, service.version);
  return {
    tracer: batchTracer(api, tracer, service.application),
    close: () => bounded(provider.shutdown(), service),
  };
}

/**
 * Starts to export metrics. Throws OPENTELEMETRY_MISSING.
 *
 * @param read Returns the metrics of a Prometheus registry as JSON; asked at each export.
 */
export async function exportMetrics(
  { endpoint, metricsEveryMs }: OpenTelemetryOptions,
  service: ExportedService,
  read: () => Promise<readonly PrometheusMetric[]>,
): Promise<Export> {
  const [api, metrics, { OTLPMetricExporter }] = await Promise.all([
    modules.api(),
    modules.metrics(),
    modules.metricExporter(),
  ]);
  reportTo(api, service);
  const resource = await resourceOf(service);
  const start = Date.now();
  const collect = async (): Promise<Awaited<ReturnType<Producer["collect"]>>> => {
    const data = metricData(metrics, api, await read(), { start, end: Date.now() });
    const scopeMetrics = [{ scope: { ...scope, version: service.version }, metrics: data }];
    return { resourceMetrics: { resource, scopeMetrics }, errors: [] };
  };
  const reader = new metrics.PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(urlOf(endpoint, "metrics")),
    exportIntervalMillis: metricsEveryMs,
    exportTimeoutMillis: Math.min(metricsEveryMs, 10_000),
    metricProducers: [{ collect }],
  });
  const provider = new metrics.MeterProvider({ resource, readers: [reader] });
  return { close: () => bounded(provider.shutdown(), service) };
}

type Producer = import("@opentelemetry/sdk-metrics").MetricProducer;

async function resourceOf({ application, version }: ExportedService): Promise<Resource> {
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = await modules.resources();
  const own = resourceFromAttributes({
    "service.name": application,
    "service.version": version,
    "service.instance.id": `${hostname()}-${process.pid}`,
  });
  // OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME come last: the operator may rename.
  return defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }));
}

function urlOf(endpoint: string | undefined, signal: "traces" | "metrics"): { readonly url?: string } {
  return endpoint === undefined ? {} : { url: `${endpoint.replace(/\/+$/, "")}/v1/${signal}` };
}

/** The packages report a failed export to the logger of the process. */
function reportTo({ diag, DiagLogLevel }: typeof Api, { warn }: ExportedService): void {
  const ignore = (): void => undefined;
  const report = (message: string): void => warn(plain(message));
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

async function bounded(ending: Promise<void>, { warn }: ExportedService): Promise<void> {
  const timeout = new AbortController();
  const late = sleep(closingMs, undefined, { signal: timeout.signal, ref: false }).then(
    () => warn(`the last export took more than ${closingMs} ms`),
    () => undefined,
  );
  const ended = ending.catch((error: unknown) => {
    warn(`the last export failed: ${error instanceof Error ? error.message : JSON.stringify(error)}`);
  });
  await Promise.race([ended, late]);
  timeout.abort();
}

/** The message of an error that the packages wrote as JSON, with its stack. */
function plain(message: string): string {
  try {
    const { name, message: text } = JSON.parse(message) as {
      readonly name?: string;
      readonly message?: string;
    };
    return `${name ?? "error"}: ${text ?? ""}`;
  } catch {
    return message;
  }
}
