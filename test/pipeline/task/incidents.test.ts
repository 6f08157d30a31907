/** What a stage writes of incidents: records of their own, and their ids in forecast messages. */
import { expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import type { InputRecord, OutputRecord } from "../../../src/pipeline/ports.js";
import { pipelineSettings } from "../../../src/pipeline/settings.js";
import { Stage, type StageOutput } from "../../../src/pipeline/task/stage.js";
import { eventsWithFaults } from "../../support/faults.js";
import { quick } from "../../support/streams.js";

const records = eventsWithFaults(500, 2).map(({ key, time, value }, i): InputRecord => ({
  // Not every offset holds a record.
  offset: 3 * i + 7,
  key: Buffer.from(key),
  value: Buffer.from(JSON.stringify({ value })),
  headers: [{ name: "trace", value: Buffer.from(String(i)) }],
  timestamp: time,
}));

type Message = Readonly<Record<string, unknown>>;
const messageOf = ({ value }: OutputRecord): Message => JSON.parse(Buffer.from(value!).toString()) as Message;

function stageOf(options: ForecasterOptions = {}): {
  readonly stage: Stage;
  readonly forecaster: Forecaster;
} {
  const forecaster = new Forecaster(forecasterSettings({ ...quick, ...options }));
  const origin = { topic: "readings", partition: 4 };
  return { stage: new Stage(forecaster, pipelineSettings(), origin), forecaster };
}

function processed(batch: number, options?: ForecasterOptions): Pick<StageOutput, "forecasts" | "incidents"> {
  const { stage, forecaster } = stageOf(options);
  const outputs: StageOutput[] = [];
  for (let at = 0; at < records.length; at += batch)
    outputs.push(stage.process(records.slice(at, at + batch)));
  forecaster.dispose();
  return {
    forecasts: outputs.flatMap(({ forecasts }) => forecasts),
    incidents: outputs.flatMap(({ incidents }) => incidents),
  };
}

/** Records by the number of the event that they were made from. */
function byEvent(made: readonly OutputRecord[]): ReadonlyMap<string, readonly OutputRecord[]> {
  const groups = new Map<string, OutputRecord[]>();
  for (const record of made) {
    const event = Buffer.from(record.headers[0]!.value).toString();
    groups.set(event, [...(groups.get(event) ?? []), record]);
  }
  return groups;
}

test("an incident is opened by a record of its key, with the headers and timestamp of the value that opened it", () => {
  const [opened] = processed(500).incidents;
  // The first fault is the 151st value of the first key.
  const cause = records[300]!;
  expect(opened).toMatchObject({ key: cause.key, headers: cause.headers, timestamp: cause.timestamp });
  expect(messageOf(opened!)).toMatchObject({
    id: "readings-4-907",
    key: "key-0",
    time: "1970-01-01T02:30:00.000Z",
    change: "opened",
    state: "open",
    kind: "spike",
    direction: "above",
    settled: false,
    muted: false,
    begin: "1970-01-01T02:30:00.000Z",
    end: "1970-01-01T02:30:00.000Z",
    peak_time: "1970-01-01T02:30:00.000Z",
    peak_value: (JSON.parse(Buffer.from(cause.value!).toString()) as Message)["value"],
    events: 1,
    updates: 0,
  });
});

test("measures of an incident have a fraction and counts have none, as in forecast messages", () => {
  const text = Buffer.from(processed(500).incidents[0]!.value!).toString();
  for (const name of ["peak_value", "peak_expected", "anomaly_score", "severity"]) {
    expect(text).toMatch(new RegExp(`"${name}":-?\\d+(\\.\\d+|e)`));
  }
  expect(text).toMatch(/"events":1,"updates":0\}$/);
});

test("forecast messages name the incident while it is open, and no other", () => {
  const { forecasts, incidents } = processed(500);
  const open = new Map<unknown, unknown>();
  const changes = byEvent(incidents);
  for (const [i, forecast] of forecasts.entries()) {
    for (const change of changes.get(String(i)) ?? []) {
      const { key, id, state } = messageOf(change);
      if (state === "open") open.set(key, id);
      else open.delete(key);
    }
    const message = messageOf(forecast);
    expect(message["incident"]).toBe(open.get(message["key"]));
  }
  expect(incidents.map((record) => messageOf(record)["change"])).toContain("closed");
});

test.each([1, 7, 64])("incidents have the same bytes in batches of %i", (batch) => {
  expect(processed(batch)).toEqual(processed(500));
});

test("an evicted key's incident is closed by the evicting record, also where a batch is forecast in pieces", () => {
  const third = { ...records[320]!, offset: records[319]!.offset + 1, key: Buffer.from("third") };
  const all = [...records.slice(0, 320), third, ...records.slice(320)];
  const outputs = [500, 7].map((batch) => {
    const forecaster = new Forecaster(forecasterSettings({ ...quick, maxKeys: 2 }));
    const stage = new Stage(forecaster, pipelineSettings({ late: "drop" }), {
      topic: "readings",
      partition: 4,
    });
    const incidents: OutputRecord[] = [];
    for (let at = 0; at < all.length; at += batch) {
      incidents.push(...stage.process(all.slice(at, at + batch)).incidents);
    }
    forecaster.dispose();
    return incidents;
  });
  const closed = outputs[0]!.map(messageOf).find(({ change }) => change === "closed");
  expect(closed).toMatchObject({ id: "readings-4-907", state: "closed", time: "1970-01-01T02:40:00.000Z" });
  expect(outputs[1]).toEqual(outputs[0]);
});

test("a replay tells nothing, and incidents go on after it", () => {
  const { stage, forecaster } = stageOf();
  stage.replay(records.slice(0, 310));
  const { incidents } = stage.process(records.slice(310));
  forecaster.dispose();
  const whole = processed(500).incidents;
  expect(incidents).toEqual(whole.slice(whole.length - incidents.length));
  expect(incidents.length).toBeLessThan(whole.length);
  expect(incidents.map((record) => messageOf(record)["id"])).toContain("readings-4-907");
});

test("incidents of several series of one record have different ids, which forecasts name", () => {
  const values = eventsWithFaults(200).map(({ value }) => value);
  const several = values.map((value, i): InputRecord => ({
    offset: i,
    key: Buffer.from("pump"),
    value: Buffer.from(JSON.stringify({ inlet: value, outlet: 2 * value, ambient: 20 })),
    headers: [],
    timestamp: 60_000 * i,
  }));
  const forecaster = new Forecaster(forecasterSettings(quick));
  const settings = pipelineSettings({
    decode: { series: { ambient: "ambient", inlet: "inlet", outlet: "outlet" } },
  });
  const stage = new Stage(forecaster, settings, { topic: "readings", partition: 4 });
  const { forecasts, incidents } = stage.process(several);
  forecaster.dispose();
  const opened = incidents.map(messageOf).filter(({ change }) => change === "opened");
  expect(opened.map(({ id, key }) => [id, key])).toEqual([
    ["readings-4-150.1", "pump/inlet"],
    ["readings-4-150.2", "pump/outlet"],
  ]);
  expect(forecasts.slice(450, 453).map((forecast) => messageOf(forecast)["incident"])).toEqual([
    undefined,
    "readings-4-150.1",
    "readings-4-150.2",
  ]);
});

test("a key that does not come any more is told by a record of its own key, named by its last event", () => {
  const { stage, forecaster } = stageOf({ detection: { silence: true } });
  const names = ["a", "b", "c"];
  const all = Array.from({ length: 400 }, (_, i): InputRecord => ({
    offset: i,
    key: Buffer.from(names[i % 3]!),
    value: Buffer.from(JSON.stringify({ value: 1 })),
    headers: [],
    timestamp: 20_000 * i,
  })).filter(({ offset }) => offset % 3 !== 2 || offset < 200 || offset > 300);
  const silences = stage
    .process(all)
    .incidents.map((record) => ({ ...messageOf(record), record }))
    .filter((message) => "kind" in message && message.kind === "silence");
  expect(silences).toMatchObject([
    { id: "readings-4-197-silence", key: "c", change: "opened", state: "open", peak_value: null },
    { id: "readings-4-197-silence", key: "c", change: "closed", state: "closed", direction: null },
  ]);
  expect(Buffer.from(silences[0]!.record.key!).toString()).toBe("c");
  expect(silences[1]!.record.timestamp).toBe(20_000 * 302);
  forecaster.dispose();
});
