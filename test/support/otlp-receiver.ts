// A receiver of OTLP over HTTP with JSON, which keeps all that it is sent.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, json } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

export interface ReceivedMetric {
  readonly name: string;
  readonly sum?: ReceivedPoints;
  readonly gauge?: ReceivedPoints;
  readonly histogram?: ReceivedPoints;
}

interface ReceivedPoints {
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly {
    readonly asDouble?: number;
    readonly count?: number | string;
    readonly sum?: number;
    readonly bucketCounts?: readonly (number | string)[];
    readonly explicitBounds?: readonly number[];
    readonly attributes: readonly Attribute[];
  }[];
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Each metric as it came last. */
  readonly metrics: ReadonlyMap<string, ReceivedMetric>;
  /** Attributes of every resource. */
  readonly resources: readonly (readonly Attribute[])[];
  close(): Promise<void>;
}

interface Received {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly ReceivedMetric[] }[];
  }[];
}

/** @param status Of every answer. */
export async function startOtlpReceiver(status = 200): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const metrics = new Map<string, ReceivedMetric>();
  const resources: (readonly Attribute[])[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then(({ resourceSpans = [], resourceMetrics = [] }) => {
      for (const { resource, scopeSpans } of resourceSpans) {
        resources.push(resource.attributes);
        spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
      for (const { resource, scopeMetrics } of resourceMetrics) {
        resources.push(resource.attributes);
        for (const metric of scopeMetrics.flatMap((scope) => scope.metrics)) metrics.set(metric.name, metric);
      }
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    metrics,
    resources,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Received> {
  if (request.headers["content-encoding"] !== "gzip") return (await json(request)) as Received;
  return JSON.parse(gunzipSync(await buffer(request)).toString()) as Received;
}

/** The value of an attribute, whatever its type. */
export function attributeOf(attributes: readonly Attribute[], key: string): unknown {
  const value = attributes.find((each) => each.key === key)?.value;
  return value && Object.values(value)[0];
}
