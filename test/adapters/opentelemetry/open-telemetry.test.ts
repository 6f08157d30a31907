/** What a receiver of OTLP gets: spans of each commit with links to its records' traces, and the metrics of a registry. */
import fc from "fast-check";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { afterEach, describe, expect, it } from "vitest";
import { linksOf } from "../../../src/adapters/opentelemetry/links.js";
import {
  exportMetrics,
  exportTraces,
  type ExportedService,
} from "../../../src/adapters/opentelemetry/open-telemetry.js";
import type { OpenTelemetryOptions } from "../../../src/adapters/opentelemetry/options.js";
import type { InputRecord } from "../../../src/pipeline/ports.js";
import { jsonRecord } from "../../pipeline/records.js";
import { quiet, start } from "../../pipeline/running.js";
import { TransactionalLog, type CommitOutcome } from "../../simulate/log.js";
import { attributeOf, startOtlpReceiver, type OtlpReceiver } from "../../support/otlp-receiver.js";

const warnings: string[] = [];
const service: ExportedService = {
  application: "pumps",
  version: "1.2.3",
  warn: (line) => warnings.push(line),
};
let receiver: OtlpReceiver | undefined;
afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
  warnings.length = 0;
});

const optionsFor = (endpoint: string): OpenTelemetryOptions => ({
  ...{ endpoint, traces: true, metrics: true, sampleRatio: 1, metricsEveryMs: 60_000 },
});

const hex = (number: number, length: number): string => number.toString(16).padStart(length, "0");
const parentOf = (i: number, flags = "01"): string => `00-${hex(i + 1, 32)}-${hex(i + 1, 16)}-${flags}`;

function traced(offset: number, traceparent: string): InputRecord {
  const headers = [{ name: "traceparent", value: new Uint8Array(Buffer.from(traceparent)) }];
  return { ...jsonRecord(offset, `key-${offset % 3}`, { value: offset % 7 }), headers };
}

describe("traces", () => {
  it("have a span for each commit, its forecasts and its transaction, and links to the records' traces", async () => {
    receiver = await startOtlpReceiver();
    const traces = await exportTraces(optionsFor(`${receiver.url}/`), service);
    const log = new TransactionalLog(1);
    for (let i = 0; i < 20; i++) log.append(0, traced(i, parentOf(i >> 1, i % 4 < 2 ? "01" : "00")));
    const running = start(log, { tracer: traces.tracer, commit: { maxEvents: 10 } });
    await quiet();
    running.stop.abort();
    await quiet();
    await traces.close();
    const wholes = receiver.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(wholes.map(({ name }) => name)).toEqual(wholes.map(() => "process readings"));
    const counts = wholes.map(({ attributes }) => attributeOf(attributes, "messaging.batch.message_count"));
    expect(counts.reduce((sum: number, count) => sum + Number(count), 0)).toBe(20);
    for (const whole of wholes) {
      const parts = receiver.spans.filter(({ parentSpanId }) => parentSpanId === whole.spanId);
      expect(parts.map(({ name }) => name).sort()).toEqual(["commit", "forecast"]);
      for (const part of parts) {
        expect(part.traceId).toBe(whole.traceId);
        expect(BigInt(part.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(whole.startTimeUnixNano));
        expect(BigInt(part.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(whole.endTimeUnixNano));
      }
    }
    // Records 0 and 1 have one parent, 2 and 3 one that was not sampled, and so on.
    const linked = wholes.flatMap(({ links = [] }) => links.map(({ spanId }) => spanId));
    expect(linked.sort()).toEqual([0, 2, 4, 6, 8].map((i) => hex(i + 1, 16)));
    expect(attributeOf(receiver.resources[0]!, "service.name")).toBe("pumps");
    expect(warnings).toEqual([]);
  });

  it("change no byte of what is written, whose headers carry the records' traces on", async () => {
    receiver = await startOtlpReceiver();
    const traces = await exportTraces(optionsFor(receiver.url), service);
    const logs = [new TransactionalLog(1), new TransactionalLog(1)] as const;
    for (const log of logs) for (let i = 0; i < 30; i++) log.append(0, traced(i, parentOf(i)));
    const running = [start(logs[0], { tracer: traces.tracer }), start(logs[1])];
    await quiet();
    for (const { stop } of running) stop.abort();
    await quiet();
    await traces.close();
    expect(logs[0].visible(0)).toEqual(logs[1].visible(0));
    const headers = logs[0]
      .visible(0)
      .forecasts.map((record) =>
        record.headers.map(({ name, value }) => [name, Buffer.from(value).toString()]),
      );
    expect(headers).toEqual(Array.from({ length: 30 }, (_, i) => [["traceparent", parentOf(i)]]));
  });

  it("say which commit failed", async () => {
    receiver = await startOtlpReceiver();
    const traces = await exportTraces(optionsFor(receiver.url), service);
    const log = new TransactionalLog(1);
    const outcomes: CommitOutcome[] = ["landed", "lost"];
    const running = start(log, { tracer: traces.tracer }, { outcome: () => outcomes.shift() ?? "landed" });
    await quiet();
    log.append(0, jsonRecord(0, "key-0", { value: 1 }));
    await quiet();
    running.abandon();
    await quiet();
    await traces.close();
    const failed = receiver.spans.filter(({ status }) => status.code === 2);
    expect(failed.map(({ name }) => name).sort()).toEqual(["commit", "process readings"]);
  });

  it("that the receiver refuses are warned of", async () => {
    receiver = await startOtlpReceiver(400);
    const traces = await exportTraces(optionsFor(receiver.url), service);
    traces.tracer.begin("readings", 0).ended(new Error("no commit"));
    await traces.close();
    expect(warnings.join("\n")).toMatch(/400|Bad Request/);
  });
});

describe("links", () => {
  it("are of valid parents alone, each once, and at most 128", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
        expect(linksOf([traced(0, text)])).toEqual([]);
      }),
    );
    const invalid = [
      `00-${hex(0, 32)}-${hex(1, 16)}-01`,
      `ff-${hex(1, 32)}-${hex(1, 16)}-01`,
      "00-1-1-01",
      "",
      `${parentOf(1)}x`,
    ];
    expect(linksOf(invalid.map((text, i) => traced(i, text)))).toEqual([]);
    const later = `01-${hex(7, 32)}-${hex(8, 16)}-03-more`;
    expect(linksOf([traced(4, later)])).toMatchObject([
      { context: { traceId: hex(7, 32), spanId: hex(8, 16) } },
    ]);
    const many = Array.from({ length: 400 }, (_, i) => traced(i, parentOf(i >> 1)));
    expect(linksOf(many).map(({ context }) => context.spanId)).toEqual(
      Array.from({ length: 128 }, (_, i) => hex(i + 1, 16)),
    );
  });
});

describe("metrics", () => {
  it("are those of the registry, with its labels and buckets", async () => {
    receiver = await startOtlpReceiver();
    const registry = new Registry();
    const registers = [registry];
    const counter = new Counter({
      name: "undercurrent_a_total",
      help: "A.",
      labelNames: ["code"],
      registers,
    });
    counter.inc({ code: "x" }, 3);
    counter.inc({ code: "y" }, 4);
    new Gauge({ name: "undercurrent_b", help: "B.", registers }).set(-1.5);
    new Gauge({ name: "undercurrent_unknown", help: "U.", registers }).set(NaN);
    const histogram = new Histogram({
      name: "undercurrent_c_seconds",
      help: "C.",
      buckets: [0.1, 1, 10],
      registers,
    });
    for (const value of [0.05, 0.5, 0.6, 20]) histogram.observe(value);
    const metrics = await exportMetrics(optionsFor(receiver.url), service, () => registry.getMetricsAsJSON());
    await metrics.close();
    const { sum } = receiver.metrics.get("undercurrent_a_total")!;
    expect(sum!.isMonotonic).toBe(true);
    expect(
      sum!.dataPoints.map(({ asDouble, attributes }) => [attributeOf(attributes, "code"), asDouble]),
    ).toEqual([
      ["x", 3],
      ["y", 4],
    ]);
    expect(receiver.metrics.get("undercurrent_b")!.gauge!.dataPoints[0]!.asDouble).toBe(-1.5);
    expect(receiver.metrics.get("undercurrent_unknown")?.gauge?.dataPoints ?? []).toEqual([]);
    const [point] = receiver.metrics.get("undercurrent_c_seconds")!.histogram!.dataPoints;
    expect(point).toMatchObject({ sum: 21.15, explicitBounds: [0.1, 1, 10] });
    expect(Number(point!.count)).toBe(4);
    expect(point!.bucketCounts!.map(Number)).toEqual([1, 2, 0, 1]);
    expect(attributeOf(receiver.resources[0]!, "service.version")).toBe("1.2.3");
  });
});
