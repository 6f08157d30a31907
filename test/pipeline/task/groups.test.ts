/** Groups in the service: records of the incidents topic, ids in the members' incidents, and groups by a path in the event. */
import { describe, expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import type { InputRecord, OutputRecord } from "../../../src/pipeline/ports.js";
import { pipelineSettings } from "../../../src/pipeline/settings.js";
import { Stage } from "../../../src/pipeline/task/stage.js";
import { siteEvents } from "../../support/sites.js";
import { quick } from "../../support/streams.js";

const events = siteEvents((site, i) => `${site}/${i}`, 7);
const records = events.map(({ key, site, time, value }, offset): InputRecord => ({
  offset,
  key: Buffer.from(key),
  value: Buffer.from(JSON.stringify({ value, place: { site } })),
  headers: [],
  timestamp: time,
}));

const byPattern = { ...quick, detection: { group: "^([^/]+)/" } } satisfies ForecasterOptions;
const byPath = { ...quick, detection: { group: { path: "place.site" } } } satisfies ForecasterOptions;

type Message = Readonly<Record<string, unknown>>;
const messageOf = ({ value }: OutputRecord): Message => JSON.parse(Buffer.from(value!).toString()) as Message;

const origin = { topic: "readings", partition: 4 };
const stageOf = (forecaster: Forecaster): Stage => new Stage(forecaster, pipelineSettings(), origin);

function processed(batch: number, options: ForecasterOptions, input = records): OutputRecord[] {
  const forecaster = new Forecaster(forecasterSettings(options));
  const stage = stageOf(forecaster);
  const incidents: OutputRecord[] = [];
  for (let at = 0; at < input.length; at += batch) {
    incidents.push(...stage.process(input.slice(at, at + batch)).incidents);
  }
  forecaster.dispose();
  return incidents;
}

describe("groups in the service", () => {
  const whole = processed(1000, byPattern);
  const ofNorth = whole.filter((record) => messageOf(record)["key"] === "north");

  test("a group's incident is a record of the group, with its members ranked", () => {
    const [opened] = ofNorth;
    const message = messageOf(opened!);
    expect(Buffer.from(opened!.key!).toString()).toBe("north");
    expect(message).toMatchObject({
      ...{ change: "opened", state: "open", kind: "group", direction: null, settled: true, muted: false },
      ...{ peak_value: null, peak_expected: null },
    });
    expect(message["id"]).toMatch(/^readings-4-\d+-group$/);
    const members = message["members"] as { key: string; anomaly_score: number; since: string }[];
    expect(message["members_deviating"]).toBe(members.length);
    expect(members.every(({ key }) => key.startsWith("north/"))).toBe(true);
    expect(members.map(({ key }) => key)).toContain(message["began"]);
    const scores = members.map((member) => member.anomaly_score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  test("an incident of a member has the id of its group's open incident", () => {
    const id = messageOf(ofNorth[0]!)["id"];
    const told = whole
      .map(messageOf)
      .filter((message) => message["group_incident"] === id)
      .map(({ key, group }) => ({ key, group }));
    expect(told.length).toBeGreaterThan(1);
    expect(told.every(({ key, group }) => group === "north" && String(key).startsWith("north/"))).toBe(true);
  });

  test.each([1, 7, 64])("the records have the same bytes in batches of %i", (batch) => {
    expect(processed(batch, byPattern)).toEqual(whole);
    expect(processed(batch, byPath)).toEqual(whole);
  });

  test("a path in the event names the same groups, also after a restore", () => {
    const first = new Forecaster(forecasterSettings(byPath));
    const cut = 13 * 260 + 4;
    const before = stageOf(first).process(records.slice(0, cut)).incidents;
    const second = new Forecaster(forecasterSettings(byPath));
    second.restore(first.snapshot());
    const after = stageOf(second).process(records.slice(cut)).incidents;
    expect([...before, ...after]).toEqual(whole);
    first.dispose();
    second.dispose();
  });

  test("a state of other groups is taken over, and keys find their groups with their next event", () => {
    const first = new Forecaster(forecasterSettings(byPattern));
    stageOf(first).process(records.slice(0, 13 * 10));
    const second = new Forecaster(forecasterSettings(byPath));
    second.restore(first.snapshot(), { anyTuning: true });
    const told = stageOf(second).process(records.slice(13 * 10)).incidents;
    expect(told.map((record) => messageOf(record)["key"])).toContain("north");
    first.dispose();
    second.dispose();
  });

  test("items of one record name their groups by themselves", () => {
    const minutes = Array.from({ length: events.length / 13 }, (_, minute) =>
      events.slice(13 * minute, 13 * (minute + 1)),
    );
    const settings = pipelineSettings({ decode: { each: "rows", key: "rows.key", value: "rows.value" } });
    const forecaster = new Forecaster(
      forecasterSettings({ ...quick, detection: { group: { path: ["rows", "site"] } } }),
    );
    const batches = minutes.map((rows, offset): InputRecord => ({
      ...{ offset, key: null, headers: [], timestamp: rows[0]!.time },
      value: Buffer.from(JSON.stringify({ rows })),
    }));
    const { incidents } = new Stage(forecaster, settings, origin).process(batches);
    expect(incidents.map((record) => messageOf(record)["key"])).toContain("north");
    forecaster.dispose();
  });

  test("members' gates decide what deviates in a group", () => {
    const below = {
      ...quick,
      detection: { group: "^([^/]+)/", direction: "below" },
    } satisfies ForecasterOptions;
    const keys = processed(1000, below).map((record) => messageOf(record));
    const atFault = keys.filter(({ time }) => time === new Date(events[13 * 260]!.time).toISOString());
    expect(atFault).toEqual([]);
    const above = {
      ...quick,
      detection: { group: "^([^/]+)/", direction: "above" },
    } satisfies ForecasterOptions;
    expect(processed(1000, above).map((record) => messageOf(record)["key"])).toContain("north");
  });
});
