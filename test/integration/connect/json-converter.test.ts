// Forecasts of a pipeline as Kafka Connect's own JsonConverter reads them.
import { expect, test, vi } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { IncidentFormat } from "../../../src/pipeline/encode/incidents/format.js";
import { modelSettings, pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import { feedbackMessage } from "../../../src/pipeline/state/feedback.js";
import { Stage } from "../../../src/pipeline/task/stage.js";
import { convert, converterAnswers } from "../../support/converter.js";

const ready = converterAnswers();
// The first run downloads the converter.
vi.setConfig({ testTimeout: 180_000 });
if (!ready) console.warn("SKIPPED: tests of Kafka Connect's converter. Install Java 17 with Maven.");

/** The values of forecast records of some readings, the first of which has no forecast to compare with. */
function forecastsOf(encode: NonNullable<PipelineOptions["encode"]>, model: object = {}): string[] {
  const settings = pipelineSettings({ encode, application: "pumps" });
  const forecaster = new Forecaster(modelSettings({ hidden: 4, ...model }, settings.decode));
  const stage = new Stage(forecaster, settings, { topic: "readings", partition: 3 });
  const records = [41, 42.5, 1e21, null].map((value, offset) => ({
    offset,
    timestamp: Date.UTC(2026, 2, 1, 10, 0, offset),
    key: Buffer.from('pump "7"'),
    value: Buffer.from(JSON.stringify({ value })),
    headers: [],
  }));
  const texts = stage.process(records).forecasts.map(({ value }) => Buffer.from(value!).toString());
  forecaster.dispose();
  return texts;
}

test.skipIf(!ready)("the converter reads every field with one type, and times as timestamps", async () => {
  const lines = await convert(forecastsOf({ format: "connect-json" }));
  expect(lines).toHaveLength(4);
  expect(lines[0]!.split("\t").slice(0, 3)).toEqual([
    'key STRING String pump "7"',
    "time INT64 Date 2026-03-01T10:00:00Z",
    "value FLOAT64 Double 41.0",
  ]);
  expect(lines[2]).toContain("value FLOAT64 Double 1.0E21");
  expect(lines[3]).toContain("value FLOAT64 null null");
  expect(lines[1]).toMatch(/yhat_time INT64 Date 2026-03-01T10:00:02Z/);
});

test.skipIf(!ready)("the converter reads incidents of keys and of groups with one schema", async () => {
  const ofKey = {
    ...{ id: "readings-3-7", key: "pump-7", change: "opened", state: "open", kind: null, direction: "above" },
    ...{ settled: false, muted: false, time: "2026-03-01T10:00:00.000Z", begin: "2026-03-01T09:59:00.000Z" },
    ...{ end: "2026-03-01T10:00:00.000Z", peak_time: "2026-03-01T10:00:00.000Z", peak_value: 61 },
    ...{ peak_expected: null, anomaly_score: 2, severity: 6.5, events: 3, updates: 0 },
  };
  const members = [{ key: "pump-7", anomaly_score: 1, since: "2026-03-01T09:59:00.000Z" }];
  const ofGroup = { ...ofKey, kind: "group", began: "pump-7", members_deviating: 1, members };
  const format = new IncidentFormat({ format: "connect-json", incidents: {} });
  const texts = [ofKey, ofGroup].map((one) => format.encode(Buffer.from(JSON.stringify(one))).toString());
  const [first, second] = await convert(texts);
  expect(first).toMatch(/^id STRING String readings-3-7\tkey STRING String pump-7\t/);
  expect(first).toContain("kind STRING null null");
  expect(first).toContain("time INT64 Date 2026-03-01T10:00:00Z\tbegin INT64 Date 2026-03-01T09:59:00Z");
  expect(first).toContain("peak_value FLOAT64 Double 61.0\tpeak_expected FLOAT64 null null");
  expect(first).toContain("events INT64 Long 3\tupdates INT32 Integer 0\tmembers_deviating INT32 null null");
  expect(second).toMatch(/members_deviating INT32 Integer 1\tmembers ARRAY ArrayList \[Struct\{key=pump-7,/);
});

test.skipIf(!ready)(
  "the converter fails on feedback, which has no schema: it needs a topic of its own",
  async () => {
    const feedback = { key: "pump-7", kind: "spike", until: 0 } as const;
    await expect(convert([feedbackMessage("ack", "readings-3-7", feedback)])).rejects.toThrow(
      /JsonConverter with schemas.enable requires "schema" and "payload" fields/,
    );
  },
);

test.skipIf(!ready)("the converter reads chosen fields, nested steps and intervals", async () => {
  const fields = [
    "alarm",
    { field: "yhat", as: "forecast" },
    "topic",
    "partition",
    "offset",
    "application",
  ] as const;
  const lines = await convert(forecastsOf({ format: "connect-json", fields: [...fields] }));
  expect(lines[1]).toMatch(
    /^alarm BOOLEAN Boolean false\tforecast FLOAT64 Double [\d.E]+\ttopic STRING String readings\tpartition INT32 Integer 3\toffset INT64 Long 1\tapplication STRING String pumps$/,
  );
  const nested = await convert(
    forecastsOf({ format: "connect-json" }, { horizon: 3, intervalLevels: [0.9, 0.5] }),
  );
  expect(nested[1]).toMatch(
    /intervals ARRAY ArrayList \[Struct\{level=0\.9.*horizon ARRAY ArrayList \[Struct\{step=2,/,
  );
});
