/** The records that the configurations of examples/topics are about, and what comes of them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { formatOf } from "../../src/cli/shared/decode/format.js";
import { modelOf } from "../../src/cli/shared/pipeline.js";
import { loadConfig } from "../../src/config/load.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import type { InputRecord } from "../../src/pipeline/ports.js";
import { pipelineSettings } from "../../src/pipeline/settings.js";
import { Stage } from "../../src/pipeline/task/stage.js";

export const folder = fileURLToPath(new URL("../../examples/topics/", import.meta.url));
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const at = Date.UTC(2026, 2, 1, 10, 0, 5);

function record(value: unknown, others: Partial<InputRecord> = {}): InputRecord {
  const text = value === null ? null : bytes(JSON.stringify(value));
  return { offset: 0, timestamp: at, key: null, value: text, headers: [], ...others };
}

/** The bytes of a key with times of a window behind it. */
const windowed = (key: string, ...times: readonly number[]): Uint8Array => {
  const behind = times.map((time) => {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(BigInt(time));
    return part;
  });
  return new Uint8Array(Buffer.concat([Buffer.from(key), ...behind]));
};

const debezium = { ts_ms: at, before: null, source: { table: "accounts" } };

/** Of test/fixtures/otlp-metrics.json. */
const otlpReadings = [
  "shop/http.requests/code=200,route=~1cart=310",
  "shop/http.requests/route=~1=42",
  "shop/queue.length=3.5",
  "shop/http.duration/count=12",
  "shop/http.duration/sum=340.5",
  "stock/queue.length=1",
];

/** Records of an example, and what comes of each. */
export type ExampleRecords = readonly (readonly [InputRecord, readonly string[]])[];

/** Records of each example, and what comes of them: key=value of each forecast, and codes of what is refused. */
export const cases: Readonly<Record<string, ExampleRecords>> = {
  "three-measures": [
    [
      record({
        sensor: "pump-7",
        at: "2026-03-01T10:00:05Z",
        temperature: 41.2,
        pressure: 2.5,
        flow: { in: 12, out: 11.5 },
      }),
      ["pump-7/temperature=41.2", "pump-7/pressure=2.5", "pump-7/flow=12"],
    ],
    [record({ sensor: "a/b", at, pressure: 2.5 }), ["a~1b/pressure=2.5"]],
  ],
  "composite-key": [
    [
      record({ site: "north", tags: { host: "web-1" }, time: at / 1000, requests: 310, users: 42 }),
      ["north/web-1=310"],
    ],
  ],
  "date-and-time": [[record({ meter: "m-7", date: "1.3.2026", time: "11:00:05", kwh: 41.2 }), ["m-7=41.2"]]],
  array: [
    [
      record({
        gateway: "gateway-1",
        readings: [
          { id: "t1", at, temperature: "20.5" },
          { id: "t2", at, temperature: "21", humidity: "0.4" },
        ],
      }),
      ["gateway-1/t1/temperature=20.5", "gateway-1/t2/temperature=21", "gateway-1/t2/humidity=0.4"],
    ],
    [record({ gateway: "gateway-1", readings: [] }), ["RECORD_SKIPPED"]],
  ],
  "nested-arrays": [
    [
      record({
        region: "north",
        sites: [
          {
            site: "s1",
            at,
            readings: [
              { sensor: "t1", celsius: 20.5 },
              { sensor: "t2", celsius: 21 },
            ],
          },
          { site: "s2", at, readings: [{ sensor: "t1", celsius: 19 }] },
        ],
      }),
      ["north/s1/t1=20.5", "north/s1/t2=21", "north/s2/t1=19"],
    ],
  ],
  "integer-key": [
    [record({ celsius: 41.2 }, { key: Uint8Array.of(0, 0, 0, 0, 0, 0, 3, 239) }), ["1007=41.2"]],
  ],
  "one-series": [[record({ created: "2026-03-01T10:00:05Z", open_orders: 310 }), ["all=310"]]],
  debezium: [
    [record({ ...debezium, op: "u", after: { id: 7, balance: "1250.75" } }), ["accounts/7=1250.75"]],
    [record({ ...debezium, op: "d", after: null }), ["RECORD_SKIPPED"]],
    [record(null, { key: bytes('{"id":7}') }), ["RECORD_SKIPPED"]],
  ],
  "cloudevents-structured": [
    [
      record({
        specversion: "1.0",
        type: "reading",
        source: "/pumps",
        id: "1",
        subject: "pump-7",
        time: "2026-03-01T10:00:05Z",
        data: { celsius: 41.2 },
      }),
      ["~1pumps/pump-7=41.2"],
    ],
  ],
  "cloudevents-binary": [
    [
      record(
        { celsius: 41.2 },
        {
          headers: [
            { name: "ce_source", value: bytes("/pumps") },
            { name: "ce_subject", value: bytes("pump-7") },
            { name: "ce_time", value: bytes("2026-03-01T10:00:05Z") },
          ],
        },
      ),
      ["~1pumps/pump-7=41.2"],
    ],
  ],
  "clicks-per-minute": [
    [record({ page: "/cart", at }), []],
    [record({ page: "/cart", at: at - 5000 }), []],
    [record({ page: "/", at: at + 65_000 }), ["/cart=2 10:01:00"]],
  ],
  "latency-p99": [
    [record({ route: "/cart", at, duration_ms: 12.5 }), []],
    [record({ route: "/cart", at: at + 70_000, duration_ms: 9 }), ["/cart=12.5 10:01:00"]],
  ],
  counters: [
    [record({ name: "requests_total", labels: { host: "a" }, timestamp: at / 1000, value: 100 }), []],
    [record({ name: "requests_total", labels: { host: "a" }, timestamp: at / 1000 + 30, value: 400 }), []],
    [
      record({ name: "requests_total", labels: { host: "a" }, timestamp: at / 1000 + 60, value: 30 }),
      ["requests_total/host=a=10 10:01:00"],
    ],
  ],
  "line-protocol": [
    [
      record(null, { value: bytes(`cpu,host=web-1 idle=97.1,user=1i,text="x" ${at}000000\n`) }),
      ["cpu,host=web-1/idle=97.1", "cpu,host=web-1/user=1"],
    ],
  ],
  opentelemetry: [
    [record(null, { value: readFileSync(`${folder}../../test/fixtures/otlp-metrics.json`) }), otlpReadings],
    [record({ resourceMetrics: [] }), ["RECORD_SKIPPED"]],
  ],
  "text-lines": [
    [
      record(null, { value: bytes("pump-7;2026-03-01T10:00:05Z;41.2;") }),
      ["pump-7/celsius=41.2", "pump-7/bar=null"],
    ],
    [
      record(null, { value: bytes("pump-7;2026-03-01T10:00:05Z;41.2;2.5") }),
      ["pump-7/celsius=41.2", "pump-7/bar=2.5"],
    ],
  ],
  "windowed-key": [
    [record({ COUNT: 1, CELSIUS: 40 }, { key: windowed("pump-7", at - 5000) }), []],
    [record({ COUNT: 2, CELSIUS: 41 }, { key: windowed("pump-7", at - 5000) }), []],
    [
      record({ COUNT: 1, CELSIUS: 42 }, { key: windowed("pump-7", at + 55_000) }),
      ["pump-7/count=2 10:01:00", "pump-7/celsius=41 10:01:00"],
    ],
  ],
  "session-key": [
    [record({ CLICKS: 12 }, { key: windowed('{"USER":"u1"}', at, at - 7000), timestamp: 0 }), ["u1=12"]],
  ],
  "java-number": [
    [record(null, { key: bytes("pump"), value: Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 2) }), ["pump=65538"]],
    [record(null, { key: bytes("pump"), value: new Uint8Array(8).fill(255) }), ["pump=-1"]],
  ],
  "connect-json": [
    [
      record({
        schema: {
          type: "struct",
          fields: [
            { type: "string", field: "sensor" },
            { type: "int64", name: "org.apache.kafka.connect.data.Timestamp", field: "at" },
            {
              type: "bytes",
              name: "org.apache.kafka.connect.data.Decimal",
              parameters: { scale: "2" },
              field: "cost",
            },
          ],
        },
        payload: { sensor: "t1", at, cost: "BNI=" },
      }),
      ["t1=12.34"],
    ],
  ],
  "debezium-decimals": [
    [record({ ...debezium, op: "u", after: { id: 7, price: "BNI=" } }), ["orders/7=12.34"]],
    [record({ ...debezium, op: "d", after: null }), ["RECORD_SKIPPED"]],
  ],
  statsd: [
    [
      record(null, { value: bytes("latency:12|ms|#b:2,a:1\nhits:3|c|@0.1\n") }),
      ["latency/a:1,b:2=12", "hits=3"],
    ],
  ],
  logfmt: [
    [
      record(null, { value: bytes('ts=2026-03-01T10:00:05Z msg="a b" route=/cart duration=12.5ms') }),
      ["/cart=12.5"],
    ],
  ],
  "prometheus-text": [
    [record(null, { value: bytes(`# HELP a\na{b="c d"} 1027 ${at}\nup 1\n`) }), ['a{b="c d"}=1027', "up=1"]],
  ],
  "json-lines": [
    [
      record(null, {
        value: bytes(`{"sensor":"t1","at":${at},"celsius":1}\n{"sensor":"t2","at":${at},"celsius":2}`),
      }),
      ["t1=1", "t2=2"],
    ],
  ],
  "quoted-columns": [
    [record(null, { value: bytes('"north, ""2""",2026-03-01T10:00:05Z,"41.2"') }), ['north, "2"=41.2']],
  ],
  gzip: [
    [record(null, { key: bytes("a"), value: gzipSync(JSON.stringify({ at, celsius: 41.2 })) }), ["a=41.2"]],
  ],
  "binary-key": [[record({ celsius: 41.2 }, { key: Uint8Array.of(1, 255, 16) }), ["01ff10=41.2"]]],
  units: [
    [
      record({ machine: "press-1", load: "12,5 %", power: "3,25 kW" }),
      ["press-1/load=12.5", "press-1/power=3.25"],
    ],
  ],
  "renamed-field": [
    [record({ deviceId: "pump-7", ts: at, temp: 41.2 }), ["pump-7=41.2"]],
    [record({ device: "pump-7", time: "2026-03-01T10:00:05Z", temperature: 41.2 }), ["pump-7=41.2"]],
  ],
  words: [
    [
      record({ type: "state", device: "door-1", contact: "OPEN", tamper: false }),
      ["door-1/contact=1", "door-1/tamper=0"],
    ],
    [record({ type: "started", device: "door-1" }), ["RECORD_SKIPPED"]],
  ],
  "json-in-text": [
    [
      record({
        "@timestamp": "2026-03-01T10:00:05Z",
        host: { name: "web-1" },
        message: '{"route": "/cart", "ms": 41.2}',
      }),
      ["web-1/~1cart=41.2"],
    ],
    [record({ "@timestamp": at, host: { name: "web-1" }, message: "listening" }), ["RECORD_SKIPPED"]],
  ],
  table: [
    [
      record({
        columns: ["time", "sensor", "celsius"],
        rows: [
          ["2026-03-01T10:00:05Z", "t1", 20.5],
          ["2026-03-01T10:00:05Z", "t2", 21],
        ],
      }),
      ["t1=20.5", "t2=21"],
    ],
  ],
  "arrays-beside": [
    [
      record({ station: "north", hourly: { time: [at], temperature: [7.5], wind: [3.1] } }),
      ["north/temperature=7.5", "north/wind=3.1"],
    ],
  ],
  members: [
    [
      record({
        Messages: [
          {
            DataSetWriterId: 7,
            Payload: {
              Temperature: { Value: 41.2, SourceTimestamp: "2026-03-01T10:00:05Z" },
              Flow: { Value: 12, SourceTimestamp: "2026-03-01T10:00:05Z" },
            },
          },
        ],
      }),
      ["7/Temperature=41.2", "7/Flow=12"],
    ],
  ],
  repartition: [[record({ sensor: "pump-7", celsius: 41.2 }), ["pump-7=41.2"]]],
  "shared-models": [[record({ celsius: 41.2 }, { key: bytes("pump-7") }), ["pump-7=41.2"]]],
  "several-topics": [[record({ celsius: 41.2 }, { key: bytes("pump-7") }), ["pump-7=41.2"]]],
  "topic-pattern": [[record({ celsius: 41.2 }, { key: bytes("pump-7") }), ["pump-7=41.2"]]],
  "avro-key": [[record({ celsius: 20.5 }, { key: bytes("\nnorth\u0004t1") }), ["north/t1=20.5"]]],
  "json-key": [[record({ stock: 12 }, { key: bytes('{"id":7,"site":"north"}') }), ["north/7=12"]]],
  telegraf: [
    [
      record({
        name: "cpu",
        tags: { host: "web-1", cpu: "cpu0" },
        timestamp: at / 1000,
        fields: { usage_idle: 97.1, usage_user: 1.5, uptime_format: "1 day", active: true },
      }),
      ["cpu/cpu=cpu0,host=web-1/usage_idle=97.1", "cpu/cpu=cpu0,host=web-1/usage_user=1.5"],
    ],
  ],
};
/** Reads records by the configuration of an example, and expects what comes of them. */
export async function expectRead(name: string, records: ExampleRecords): Promise<void> {
  const { settings } = loadConfig(`${folder}${name}.yaml`, {});
  const { decode, late, snapshot, recovery, commit } = settings;
  const pipeline = pipelineSettings({ decode, late, snapshot, recovery, commit });
  const forecaster = new Forecaster(modelOf(settings));
  const codes: string[] = [];
  const stage = new Stage(
    forecaster,
    pipeline,
    { topic: "observations", partition: 0 },
    {
      format: await formatOf(settings),
      telemetry: {
        forecasts: () => undefined,
        update: () => undefined,
        rejection: ({ code }) => codes.push(code),
      },
    },
  );
  for (const [input, expected] of records) {
    const { forecasts, deadLetters } = stage.process([input]);
    const said = forecasts.map(({ value }) => {
      const forecast = JSON.parse(Buffer.from(value!).toString()) as Record<string, unknown>;
      const said = `${String(forecast["key"])}=${String(forecast["value"])}`;
      // A window's observation has the time of its end.
      if (settings.aggregate !== undefined) return `${said} ${String(forecast["time"]).slice(11, 19)}`;
      expect(forecast["time"]).toBe(new Date(at).toISOString());
      return said;
    });
    expect([...said, ...codes.splice(0)]).toEqual(expected);
    expect(deadLetters).toEqual([]);
  }
  forecaster.dispose();
}
