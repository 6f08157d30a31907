import { describe, expect, test } from "vitest";
import type { EngineFactory } from "../../../src/engine/port.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterSettings } from "../../../src/forecast/settings.js";
import type { StateRecord, Takeover } from "../../../src/pipeline/ports.js";
import { planRecovery, type RecoveryPlan } from "../../../src/pipeline/task/recovery.js";
import { PartitionModel } from "../../../src/pipeline/task/partition-model.js";
import { pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import {
  PastState,
  readKey,
  readState,
  StateOutline,
  writeState,
} from "../../../src/pipeline/state/state-records.js";
import { countingEngine } from "../../support/counting-engine.js";
import { bitsOf, quick, run, syntheticEvents } from "../../support/streams.js";
import { bytes } from "../records.js";

const settings = forecasterSettings(quick);
const events = syntheticEvents(300, 5);
const failing = (code: string, message: RegExp): Error =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }) as Error;

/** The state records after snapshots at the given counts of events, each standing for its count as offset. */
function recorded(...counts: number[]): StateRecord[] {
  const forecaster = new Forecaster(settings);
  const latest = new Map<string, Uint8Array>();
  let taken = 0;
  for (const count of counts) {
    run(forecaster, events.slice(taken, count));
    taken = count;
    for (const { key, value } of writeState(count, forecaster).records) latest.set(key, value!);
  }
  forecaster.dispose();
  return [...latest].map(([key, value]) => ({ key, value }));
}

function plan(
  takeover: Takeover,
  recovery: NonNullable<PipelineOptions["recovery"]> = {},
  model: ForecasterSettings = settings,
): RecoveryPlan {
  const complete = pipelineSettings({ recovery }).recovery;
  return planRecovery(takeover, { forecaster: model }, complete, { topic: "readings", partition: 4 });
}

describe("recovery", () => {
  test("begins where the input begins if there is nothing", () => {
    expect(plan({ committed: undefined, earliest: 12, state: [] })).toEqual({
      kind: "fresh",
      from: 12,
      reason: undefined,
      discarded: [],
      feedback: undefined,
      model: settings,
      candidate: undefined,
      candidateKeys: [],
      place: "",
      history: undefined,
    });
  });

  test("goes on from a state up to the committed offset", () => {
    const found = plan({ committed: 250, earliest: 200, state: recorded(100, 200) });
    expect(found).toMatchObject({ kind: "resume", committed: 250, retuned: false, state: { offset: 200 } });
  });

  test("tells of a state that comes from another kernel, whose last bits are other ones", () => {
    const found = plan({ committed: 250, earliest: 200, state: recorded(200) });
    if (found.kind !== "resume") throw new Error("there is a state to go on from");
    const remarkOf = (kernel: string): string | undefined => {
      const context = { forecaster: settings, settings: pipelineSettings() };
      const session = new PartitionModel(
        context,
        { ...found, state: { ...found.state, kernel } },
        {
          topic: "readings",
          partition: 4,
        },
      );
      session.dispose();
      return session.remark;
    };
    expect(remarkOf(found.state.kernel)).toBeUndefined();
    expect(remarkOf("another-1")).toMatch(/kernel another-1 and goes on with simd128/);
  });

  const state = recorded(200);
  test.each<[string, Takeover, RegExp]>([
    [
      "the input was lost from the state on",
      { committed: 250, earliest: 201, state },
      /readings, partition 4: .*offset 200 .*committed offset is 250.*begins at offset 201/,
    ],
    [
      "input was lost that nobody has read",
      { committed: 200, earliest: 300, state },
      /offset 200 .*committed offset is 200.*begins at offset 300/,
    ],
    ["the state was lost", { committed: 250, earliest: 0, state: [] }, /up to offset 250.*no state/],
    [
      "the committed offset was lost",
      { committed: undefined, earliest: 7, state },
      /offset 200, but no offset.*begins at 7/,
    ],
    ["the offset was set back", { committed: 150, earliest: 0, state }, /offset 200, beyond .* 150/],
  ])("stops where %s, or begins afresh on request", (_, takeover, message) => {
    expect(() => plan(takeover)).toThrow(failing("STATE_GAP", message));
    expect(plan(takeover, { gap: "fresh" })).toMatchObject({
      kind: "fresh",
      from: Math.max(takeover.committed ?? takeover.earliest, takeover.earliest),
      reason: expect.stringMatching(message) as unknown,
      discarded: takeover.state.map(({ key }) => key),
      feedback: undefined,
    });
  });

  test("takes a retuned model over on request only", () => {
    const takeover = { committed: 250, earliest: 0, state };
    const retuned = { ...settings, learningRate: 0.1 };
    expect(plan(takeover, { changedModel: "migrate" }, retuned)).toMatchObject({
      kind: "resume",
      retuned: true,
    });
    // Left to the restore, which refuses it by name.
    expect(plan(takeover, {}, retuned)).toMatchObject({ kind: "resume", retuned: false });
    const reshaped = { ...settings, hidden: 16, learningRate: 0.1 };
    expect(plan(takeover, { changedModel: "migrate" }, reshaped)).toMatchObject({ retuned: false });
  });

  test("goes on from the state of the same model, whatever is to become of others", () => {
    const takeover = { committed: 250, earliest: 0, state };
    for (const changedModel of ["fail", "fresh", "migrate"] as const) {
      expect(plan(takeover, { changedModel })).toMatchObject({ kind: "resume", retuned: false });
    }
  });

  test("says of a state that cannot be restored where it is, and gives the memory back", () => {
    const found = plan({ committed: 250, earliest: 0, state });
    const restoring = (model: ForecasterSettings, engine: EngineFactory): (() => PartitionModel) => {
      const context = { forecaster: model, settings: pipelineSettings(), engine };
      return () => new PartitionModel(context, { ...found, model }, { topic: "readings", partition: 4 });
    };
    const { engine, alive } = countingEngine();
    expect(restoring({ ...settings, hidden: 16 }, engine)).toThrow(
      failing(
        "SNAPSHOT_FOREIGN",
        /^readings, partition 4, state of offset 200: .*hidden.*changedModel says.*learningRate, .*keyTtlMs/,
      ),
    );
    expect(alive()).toBe(0);
    // What is no fault of the state goes on as it is.
    const broken = new RangeError("no room");
    const without: EngineFactory = (shape, seed) =>
      Object.assign(engine(shape, seed), {
        writeState: () => {
          throw broken;
        },
      });
    expect(restoring(settings, without)).toThrow(broken);
    expect(alive()).toBe(0);
  });

  test("drops the state of another model on request, and goes on from the committed offset", () => {
    const found = plan(
      { committed: 250, earliest: 220, state },
      { changedModel: "fresh" },
      { ...settings, hidden: 16 },
    );
    expect(found).toMatchObject({
      kind: "fresh",
      from: 250,
      reason: expect.stringMatching(/hidden/) as unknown,
      discarded: state.map(({ key }) => key),
      feedback: undefined,
    });
    expect(() =>
      plan({ committed: 250, earliest: 260, state }, { changedModel: "fresh" }, { ...settings, hidden: 16 }),
    ).toThrow(failing("STATE_GAP", /begins at offset 260/));
  });
});

describe("the outline of a state", () => {
  const outlineOf = (records: readonly { key: string; value: Uint8Array | null }[]) => {
    const outline = new StateOutline();
    for (const { key, value } of records) outline.add(key, value);
    return outline.read();
  };

  test("says what the state says, without its keys and bytes", () => {
    const records = recorded(50, 120, 200);
    const { keys, snapshot, ...head } = readState(records);
    expect(snapshot.length).toBeGreaterThan(0);
    expect(outlineOf(records.reverse())).toEqual({ ...head, keys: keys.length });
    expect(outlineOf([])).toBeUndefined();
    expect(
      outlineOf(
        records.flatMap(({ key, value }) => [
          { key, value },
          { key, value: null },
        ]),
      ),
    ).toBeUndefined();
  });

  test("is refused where the records are not one state, and not for what was replaced since", () => {
    const records = recorded(200);
    const broken = { key: records[1]!.key, value: new Uint8Array(30) };
    expect(outlineOf([broken, ...records])).toBeDefined();
    const torn = failing("STATE_TORN", /./);
    expect(() => outlineOf([...records, broken])).toThrow(torn);
    expect(() => outlineOf(records.slice(1))).toThrow(torn);
    expect(() => outlineOf(records.filter(({ key }) => key !== "model"))).toThrow(torn);
    const later = recorded(200, 300).filter(({ key }) => key !== "model");
    expect(() => outlineOf([...records, ...later])).toThrow(torn);
    expect(() => outlineOf([...records, { key: "owner", value: records[0]!.value }])).toThrow(torn);
  });
});

describe("a state", () => {
  test("goes on bit for bit from the latest record of each key", () => {
    const whole = new Forecaster(settings);
    run(whole, events.slice(0, 200));
    const resumed = new Forecaster(settings);
    const { offset, snapshot, keys } = readState(recorded(50, 120, 200).reverse());
    resumed.restore(snapshot);
    expect(offset).toBe(200);
    expect(keys.toSorted()).toEqual(["key-0", "key-1", "key-2", "key-3", "key-4"]);
    expect(bitsOf(run(resumed, events.slice(200)))).toBe(bitsOf(run(whole, events.slice(200))));
  });

  test("tells of one key what was recorded of it, and nothing of one that it has not", () => {
    const records = recorded(100, 200);
    const [{ key }] = events.slice(199) as [(typeof events)[number]];
    const found = readKey(records, key)!;
    expect(found.offset).toBe(200);
    expect(found.bytes).toBe(records.find((record) => record.key.endsWith(key))!.value.length);
    expect(found.numbers.time).toBe(events[199]!.time);
    expect(readKey(records, "nobody")).toBeUndefined();
    expect(readKey([], key)).toBeUndefined();
  });

  test("keeps a key called model apart from the model", () => {
    const forecaster = new Forecaster(settings);
    run(
      forecaster,
      events.slice(0, 20).map((event) => ({ ...event, key: "model" })),
    );
    const { records } = writeState(20, forecaster);
    expect(new Set(records.map(({ key }) => key)).size).toBe(2);
    const found = readState(records.map(({ key, value }) => ({ key, value: value! })));
    expect(found.keys).toEqual(["model"]);
  });

  test("is refused where a key's record is newer than the model's", () => {
    const newer = recorded(200).find(({ key }) => key === "key:key-1")!;
    const mixed = recorded(100).map((record) => (record.key === newer.key ? newer : record));
    expect(() => readState(mixed)).toThrow(failing("STATE_TORN", /"key:key-1" is at offset 200, .* 100/));
  });

  test("is refused where a key's record is missing, or one is left over", () => {
    const records = recorded(200);
    expect(() => readState(records.filter(({ key }) => key !== "key:key-1"))).toThrow(
      failing("STATE_TORN", /expected 5 keys, found 4/),
    );
    const few = recorded(4).filter(({ key }) => key === "model");
    expect(() => readState([...few, ...records.filter(({ key }) => key !== "model")])).toThrow(
      failing("STATE_TORN", /is at offset/),
    );
  });

  test("is refused without its model, with a record of no kind, and with any bit flipped in its head", () => {
    const records = recorded(60);
    expect(() => readState(records.filter(({ key }) => key !== "model"))).toThrow(
      failing("STATE_TORN", /no record of the model/),
    );
    expect(() => readState([...records, { key: "other", value: records[0]!.value }])).toThrow(
      failing("STATE_TORN", /"other"/),
    );
    expect(() => readState([...records, { key: "key:x", value: bytes("x") }])).toThrow(
      failing("STATE_TORN", /not a state record/),
    );
    for (let bit = 0; bit < 8 * 20; bit++) {
      const value = records[0]!.value.slice();
      value[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => readState([{ ...records[0]!, value }, ...records.slice(1)])).toThrow(
        failing("STATE_TORN", /checksum|not a state record/),
      );
    }
  });
});

describe("a past state", () => {
  const [early, late] = [recorded(60), recorded(60, 200)];
  const value = (records: readonly StateRecord[], key: string): Uint8Array =>
    records.find((record) => record.key === key)!.value;
  const followed = (
    offset: number,
    changes: readonly (readonly [string, Uint8Array | null])[],
  ): PastState => {
    const past = new PastState(offset);
    for (const [key, bytesOfRecord] of changes) past.add(key, bytesOfRecord);
    return past;
  };
  const all = (records: readonly StateRecord[]): (readonly [string, Uint8Array])[] =>
    records.map((record) => [record.key, record.value]);

  test("is the latest that stood for no more than the offset", () => {
    const both = [...all(early), ...all(late)];
    expect(followed(59, both).read()).toBeUndefined();
    expect(followed(60, all(early)).read()).toMatchObject({ offset: 60 });
    expect(followed(200, both).read()).toMatchObject({ offset: 200 });
    expect(followed(199, both).read()?.offset).toBe(60);
  });

  test("has no key that ended before the offset, and those that ended later", () => {
    const fewer = new Forecaster(settings);
    run(
      fewer,
      events.slice(0, 40).filter(({ key }) => key !== "key-3"),
    );
    const without = writeState(40, fewer).records.map((record) => [record.key, record.value] as const);
    fewer.dispose();
    const ended = ["key:key-3", null] as const;
    const stray = ["key:key-3", value(early, "key:key-3")] as const;
    // Else there would be a key more than the model counts.
    expect(followed(100, [stray, ...without]).read()).toBeUndefined();
    expect(followed(100, [stray, ended, ...without]).read()?.keys).not.toContain("key-3");
    const later = all(late).slice(0, 1);
    expect(followed(60, [...all(early), ...later, ended]).read()).toMatchObject({ offset: 60 });
  });
});
