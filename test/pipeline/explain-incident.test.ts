import { describe, expect, test } from "vitest";
import { compare } from "../../src/cli/explain-incident.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { readIncident } from "../../src/pipeline/encode/incidents/message.js";
import { explainIncident, placeOfIncident } from "../../src/pipeline/explain-incident.js";
import type { InputBatch, InputRecord, OutputRecord } from "../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings } from "../../src/pipeline/settings.js";
import { PastState, writeState, type RecordedState } from "../../src/pipeline/state/state-records.js";
import { Stage } from "../../src/pipeline/task/stage.js";
import { eventsWithFaults } from "../support/faults.js";
import { quick } from "../support/streams.js";

const origin = { topic: "readings", partition: 3 };
const settings = pipelineSettings();
const model = modelSettings(quick, settings.decode);

const records = eventsWithFaults(1200, 3).map(({ key, time, value }, i): InputRecord => ({
  ...{ offset: 2 * i, timestamp: time, key: Buffer.from(key), headers: [] },
  value: Buffer.from(JSON.stringify({ value })),
}));

async function* inputFrom(offset: number): AsyncGenerator<InputBatch> {
  const rest = records.filter((record) => record.offset >= offset);
  for (let begin = 0; begin < rest.length; begin += 70) {
    const some = rest.slice(begin, begin + 70);
    yield await Promise.resolve({ records: some, nextOffset: some.at(-1)!.offset + 1, endOffset: 2400 });
  }
}

/** What a service writes: the incidents topic, and the states after each 100 records. */
function write(): { readonly incidents: readonly OutputRecord[]; readonly states: readonly RecordedState[] } {
  const forecaster = new Forecaster(model);
  const stage = new Stage(forecaster, settings, origin);
  const incidents: OutputRecord[] = [];
  const states: RecordedState[] = [];
  const all: { readonly key: string; readonly value: Uint8Array | null }[] = [];
  for (let begin = 0; begin < records.length; begin += 100) {
    const some = records.slice(begin, begin + 100);
    incidents.push(...stage.process(some).incidents);
    const snapshot = writeState(some.at(-1)!.offset + 1, forecaster);
    all.push(...snapshot.records);
    const past = new PastState(snapshot.offset);
    for (const { key, value } of all) past.add(key, value);
    states.push(past.read()!);
  }
  forecaster.dispose();
  return { incidents, states };
}

const written = write();
const byId = new Map<string, OutputRecord[]>();
for (const record of written.incidents) {
  const { id } = readIncident(record.value)!;
  byId.set(id, [...(byId.get(id) ?? []), record]);
}

test("every incident of a run is derived again to the byte, from the first record and from the snapshot before it", async () => {
  expect(byId.size).toBeGreaterThan(3);
  for (const [id, changes] of byId) {
    const place = placeOfIncident(id, origin.topic);
    const before = written.states.filter(({ offset }) => offset <= place.offset).at(-1);
    for (const state of [undefined, before]) {
      const derived = await explainIncident(inputFrom(state?.offset ?? 0), place, { model, settings, state });
      expect(derived.changes).toEqual(changes);
      expect(derived).toMatchObject({ id, ...origin, offset: place.offset, snapshot: state !== undefined });
      expect(derived.rarity!.of).toBeGreaterThanOrEqual(100);
    }
  }
});

test("a silence is derived again from the last event before it", async () => {
  const silent = modelSettings({ ...quick, detection: { silence: true } }, settings.decode);
  const input = Array.from({ length: 1200 }, (_, i): InputRecord => {
    const time = 1_700_000_000_000 + 1000 * i;
    const key = i % 2 === 1 && i > 900 && i < 1100 ? "pump-0" : `pump-${i % 2}`;
    const value = Buffer.from(JSON.stringify({ value: Math.sin(i / 7) }));
    return { offset: i, timestamp: time, key: Buffer.from(key), headers: [], value };
  });
  const forecaster = new Forecaster(silent);
  const told = new Stage(forecaster, settings, origin).process(input).incidents;
  forecaster.dispose();
  const silences = told.filter(({ value }) => readIncident(value)!.kind === "silence");
  expect(silences.length).toBeGreaterThan(0);
  const { id } = readIncident(silences[0]!.value)!;
  const place = placeOfIncident(id, origin.topic);
  expect(place).toMatchObject({ id: "readings-3-899-silence", offset: 899 });
  async function* all(): AsyncGenerator<InputBatch> {
    yield await Promise.resolve({ records: input, nextOffset: 1200, endOffset: 1200 });
  }
  const derived = await explainIncident(all(), place, { model: silent, settings, state: undefined });
  expect(derived.changes).toEqual(told.filter(({ value }) => readIncident(value)!.id === id));
  expect(derived.changes).toHaveLength(2);
});

test("an offset at which no incident begins is refused", async () => {
  const place = { id: "readings-3-8", ...origin, offset: 8 };
  await expect(
    explainIncident(inputFrom(0), place, { model, settings, state: undefined }),
  ).rejects.toMatchObject({
    code: "HISTORY_MISSING",
  });
});

test("the id of another topic, and what is no id, are refused", () => {
  expect(placeOfIncident("a-1-b-0-77", "a-1-b")).toEqual({
    id: "a-1-b-0-77",
    topic: "a-1-b",
    partition: 0,
    offset: 77,
  });
  expect(placeOfIncident("readings-0-77-silence", "readings")).toMatchObject({ partition: 0, offset: 77 });
  expect(placeOfIncident("readings-0-77.2", "readings")).toMatchObject({ partition: 0, offset: 77 });
  for (const id of ["others-0-77", "readings-77", "readings-0-x", "readings--1-2", ""]) {
    expect(() => placeOfIncident(id, "readings")).toThrow(
      expect.objectContaining({ code: "SETTING_INVALID" }) as Error,
    );
  }
});

describe("the comparison with the topic", () => {
  const [changes] = [...byId.values()].filter((all) => all.length > 1);
  const values = changes!.map(({ value }) => value!);

  test("is the same where the topic has lost the first ones, or where one of both goes on", () => {
    expect(compare({ changes: changes! }, values)).toBe("same");
    expect(compare({ changes: changes! }, values.slice(1))).toBe("same");
    expect(compare({ changes: changes! }, values.slice(0, 1))).toBe("same");
    expect(compare({ changes: changes!.slice(0, 1) }, values)).toBe("same");
  });

  test("differs where a change has other bytes, and is none without a record", () => {
    const other = Buffer.from(values[1]!);
    other[other.length - 2]! ^= 1;
    expect(compare({ changes: changes! }, [values[0]!, other])).toBe("differs");
    expect(compare({ changes: changes! }, [other])).toBe("differs");
    expect(compare({ changes: changes! }, [])).toBe("none");
  });
});
