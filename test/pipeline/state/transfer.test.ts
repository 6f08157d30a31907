import { describe, expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import type { SnapshotBytes, SnapshotRecord } from "../../../src/forecast/snapshot/snapshot.js";
import type { StateRecord } from "../../../src/pipeline/ports.js";
import { planRecovery } from "../../../src/pipeline/task/recovery.js";
import { pipelineSettings } from "../../../src/pipeline/settings.js";
import { writeState } from "../../../src/pipeline/state/state-records.js";
import {
  importCommit,
  importOffset,
  modelCommit,
  placedState,
  resetCommit,
  resetOffset,
} from "../../../src/pipeline/state/transfer.js";
import { quick, run, syntheticEvents } from "../../support/streams.js";

const settings = forecasterSettings(quick);

/** A state of some keys that stands for an offset. */
function stateAt(offset: number, keys: number): StateRecord[] {
  const forecaster = new Forecaster(settings);
  run(forecaster, syntheticEvents(20 * keys, keys));
  const { records } = writeState(offset, forecaster);
  forecaster.dispose();
  return records.map(({ key, value }) => ({ key, value: value! }));
}

const standing = { partition: 0, committed: 120, earliest: 10, end: 200 };
const records = stateAt(100, 3);
const exported = { partition: 0, committed: 110, records };

/** What a compacted topic holds after a commit. */
function after(found: readonly StateRecord[], changes: ReturnType<typeof resetCommit>): StateRecord[] {
  const latest = new Map(found.map(({ key, value }) => [key, value]));
  for (const { key, value } of changes.snapshot!.records) {
    if (value === null) latest.delete(key);
    else latest.set(key, value);
  }
  return [...latest].map(([key, value]) => ({ key, value }));
}

const recover = (state: readonly StateRecord[], committed: number): unknown =>
  planRecovery({ committed, earliest: 10, state }, { forecaster: settings }, pipelineSettings().recovery, {
    topic: "readings",
    partition: 0,
  });

describe("an import", () => {
  test.each([
    [120, 110, 120],
    [110, 120, 120],
    [undefined, 110, 110],
    [105, undefined, 105],
    [undefined, undefined, 100],
    [50, 110, 110],
    [50, undefined, 100],
  ])("over offset %s of a state exported at %s goes on from %s", (now, then, offset) => {
    expect(importOffset({ ...exported, committed: then }, { ...standing, committed: now })).toBe(offset);
  });

  test("leaves a partition alone that was exported without a state", () => {
    expect(importOffset({ ...exported, records: [] }, standing)).toBe(undefined);
  });

  test.each([
    ["begins after the state", { earliest: 101 }],
    ["ends before what was committed", { end: 109, committed: undefined }],
  ])("is refused where the input %s", (_, change) => {
    expect(() => importOffset(exported, { ...standing, ...change })).toThrow(
      expect.objectContaining({ code: "STATE_GAP" }) as Error,
    );
  });

  test.each([
    [120, 120],
    [undefined, 10],
    [5, 10],
  ])("of a state without an offset goes on at %s where the partition resumes", (committed, offset) => {
    const learned = { partition: 0, committed: undefined, anyOffset: true, records: stateAt(0, 3) } as const;
    const there = { ...standing, committed };
    const placed = placedState(learned, there);
    expect(importOffset(placed, there)).toBe(offset);
    expect(placed.records).toEqual(stateAt(offset, 3));
  });

  test("leaves nothing of the state before, and a start goes on from it", () => {
    const found = { committed: 120, earliest: 10, state: stateAt(90, 5) };
    const state = after(found.state, importCommit(found, exported, 120));
    expect(new Set(state)).toEqual(new Set(records));
    expect(recover(state, 120)).toMatchObject({ kind: "resume", committed: 120, state: { offset: 100 } });
  });
});

describe("a reset", () => {
  test.each([
    ["the committed offset", { kind: "keep" }, {}, 120],
    ["the first record that is left behind it", { kind: "keep" }, { earliest: 130 }, 130],
    ["the first record where nothing is committed", { kind: "keep" }, { committed: undefined }, 10],
    ["the first record on request", { kind: "earliest" }, {}, 10],
    ["an offset that is named", { kind: "offset", offset: 200 }, {}, 200],
    ["the first offset there is, named", { kind: "offset", offset: 10 }, {}, 10],
  ] as const)("goes on from %s", (_, point, change, offset) => {
    expect(resetOffset(point, { ...standing, ...change })).toBe(offset);
  });

  test.each([9, 201])("is refused at offset %s, which the input has not", (offset) => {
    expect(() => resetOffset({ kind: "offset", offset }, standing)).toThrow(
      expect.objectContaining({ code: "SETTING_INVALID" }) as Error,
    );
  });

  test("leaves a state that a start takes for a whole one without keys", () => {
    const found = { committed: 120, earliest: 10, state: records };
    const state = after(records, resetCommit(found, settings, 120));
    expect(state.map(({ key }) => key)).toEqual(["model"]);
    expect(recover(state, 120)).toMatchObject({
      kind: "resume",
      state: { offset: 120, keys: [], version: 0 },
    });
  });

  test("ends records of roles and feedback that cannot be read", () => {
    const broken = ["roles", "feedback"].map((key) => ({ key, value: Buffer.from("broken") }));
    const state = [...records, ...broken];
    const reset = resetCommit({ committed: 120, earliest: 10, state }, settings, 120);
    expect(after(state, reset).map(({ key }) => key)).toEqual(["model"]);
  });
});

describe("a change of the model", () => {
  const change = (snapshot: SnapshotBytes): SnapshotRecord => {
    const forecaster = new Forecaster(settings);
    forecaster.restore(snapshot);
    run(forecaster, syntheticEvents(300, 3, 2));
    const model = forecaster.changes().find(({ key }) => key === undefined)!;
    forecaster.dispose();
    return { key: undefined, bytes: model.bytes! };
  };

  test("leaves offset and keys as they were, and forecasts, dead letters and routed records alone", () => {
    for (const committed of [120, undefined, 80]) {
      const { commit, keys } = modelCommit({ committed, earliest: 10, state: records }, change)!;
      expect(keys).toBe(3);
      expect(commit).toMatchObject({ forecasts: [], deadLetters: [], routed: [] });
      expect(commit.offset).toBe(committed === 120 ? 120 : 100);
      const state = after(records, commit);
      const kept = (all: readonly StateRecord[]): StateRecord[] => all.filter(({ key }) => key !== "model");
      expect(kept(state)).toEqual(kept(records));
      expect(state).not.toEqual(records);
      expect(recover(state, 120)).toMatchObject({ kind: "resume", state: { offset: 100 } });
    }
  });

  test("is none where there is no state", () => {
    expect(modelCommit({ committed: 120, earliest: 10, state: [] }, change)).toBeUndefined();
  });
});
