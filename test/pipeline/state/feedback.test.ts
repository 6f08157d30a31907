/** Feedback on incidents: its records, and where a replay applies it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { incidentKinds } from "../../../src/forecast/incidents/kinds.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import {
  applyFeedback,
  feedbackMessage,
  FeedbackReplay,
  readFeedback,
  verdicts,
  type AppliedFeedback,
} from "../../../src/pipeline/state/feedback.js";
import type { InputRecord } from "../../../src/pipeline/ports.js";
import { pipelineSettings } from "../../../src/pipeline/settings.js";
import {
  isSnapshot,
  PastState,
  readState,
  writeFeedback,
  writeState,
} from "../../../src/pipeline/state/state-records.js";
import { Stage } from "../../../src/pipeline/task/stage.js";
import { siteEvents } from "../../support/sites.js";
import { quick } from "../../support/streams.js";

const feedbacks = fc.record({
  key: fc.string({ minLength: 1, unit: "binary" }).filter((key) => key.isWellFormed()),
  kind: fc.constantFrom(...incidentKinds, "group" as const),
  until: fc.integer({ min: 0, max: 4e12 }),
});

describe("a record of feedback", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(feedbacks, fc.constantFrom(...verdicts), fc.string(), (feedback, verdict, id) => {
        expect(readFeedback(Buffer.from(feedbackMessage(verdict, id, feedback)))).toEqual(feedback);
      }),
    );
  });

  test.each([
    null,
    "",
    "null",
    "[]",
    "no JSON",
    '{"id":"readings-0-7","key":"a","change":"opened"}',
    '{"feedback":"ack","key":"a","kind":"party","until":"2026-05-08T00:00Z"}',
    '{"feedback":"ack","key":"a","kind":"spike","until":"soon"}',
    '{"feedback":"ack","key":7,"kind":"spike","until":"2026-05-08T00:00Z"}',
  ])("is none where it says %s", (text) => {
    expect(readFeedback(text === null ? null : Buffer.from(text))).toBeUndefined();
  });
});

const recordAt = (offset: number): InputRecord => ({
  ...{ offset, key: null, value: null, headers: [], timestamp: -1 },
});

test("a replay applies each entry before the first record at or behind its offset, however records are cut", () => {
  const offsets = fc.uniqueArray(fc.nat(60), { maxLength: 30 }).map((all) => all.sort((a, b) => a - b));
  const ats = fc.array(fc.nat(70), { maxLength: 8 }).map((all) => all.sort((a, b) => a - b));
  fc.assert(
    fc.property(offsets, ats, fc.integer({ min: 1, max: 9 }), (records, entries, size) => {
      const applied = entries.map((at, i): AppliedFeedback => ({
        key: String(i),
        kind: "spike",
        until: 0,
        at,
      }));
      const replay = new FeedbackReplay(applied);
      const seen: (number | string)[] = [];
      for (let begin = 0; begin < records.length; begin += size) {
        for (const part of replay.parts(records.slice(begin, begin + size).map(recordAt))) {
          seen.push(...part.due.map(({ key }) => key), ...part.records.map(({ offset }) => offset));
        }
      }
      seen.push(...replay.rest(65).map(({ key }) => key));
      const expected: (number | string)[] = [];
      let next = 0;
      for (const offset of [...records, 65]) {
        while (next < entries.length && entries[next]! <= offset) expected.push(String(next++));
        if (offset < 65) expected.push(offset);
      }
      expect(seen).toEqual(expected);
    }),
  );
});

describe("the state's record of feedback", () => {
  const forecaster = new Forecaster(forecasterSettings(quick));
  const snapshot = writeState(100, forecaster);
  const entry = (at: number): AppliedFeedback => ({ key: "a", kind: "spike", until: 5, at });
  const withFeedback = (ats: readonly number[]): typeof snapshot.records => [
    ...snapshot.records,
    writeFeedback(100, { next: 9, applied: ats.map(entry) }),
  ];
  const found = (records: typeof snapshot.records): { key: string; value: Uint8Array }[] =>
    records.map(({ key, value }) => ({ key, value: value! }));

  test("gives what holds from the snapshot on, and is no key", () => {
    const state = readState(found(withFeedback([40, 100, 130])));
    expect(state.feedback).toEqual({ next: 9, applied: [entry(100), entry(130)] });
    expect(state.keys).toEqual([]);
    expect(readState(found(snapshot.records)).feedback).toBeUndefined();
  });

  test("is no snapshot by itself", () => {
    expect(isSnapshot(snapshot)).toBe(true);
    expect(isSnapshot({ offset: 100, records: withFeedback([]).slice(-1) })).toBe(false);
  });

  test("is found for an earlier snapshot, though it was written later", () => {
    const past = new PastState(110);
    for (const { key, value } of withFeedback([90, 100])) past.add(key, value);
    past.add("feedback", writeFeedback(200, { next: 12, applied: [entry(150)] }).value);
    expect(past.read()?.offset).toBe(100);
    expect(past.appliedFrom(100)).toEqual([entry(100), entry(150)]);
  });
});

test("incidents of a group that are fine are not told, also after a restore, and those of other groups are", () => {
  const events = siteEvents((site, i) => `${site}/${i}`, 7);
  const records = events.map(({ key, time, value }, offset): InputRecord => ({
    ...{ offset, key: Buffer.from(key), headers: [], timestamp: time },
    value: Buffer.from(JSON.stringify({ value })),
  }));
  const settings = forecasterSettings({ ...quick, detection: { group: "^([^/]+)/" } });
  const told = (group: string | undefined): string[] => {
    const first = new Forecaster(settings);
    const origin = { topic: "readings", partition: 0 };
    new Stage(first, pipelineSettings(), origin).process(records.slice(0, 3000));
    if (group !== undefined) applyFeedback(first, { key: group, kind: "group", until: Infinity });
    const second = new Forecaster(settings);
    second.restore(first.snapshot());
    const { incidents } = new Stage(second, pipelineSettings(), origin).process(records.slice(3000));
    first.dispose();
    second.dispose();
    return incidents.map(({ key }) => Buffer.from(key!).toString());
  };
  expect(told(undefined)).toContain("north");
  expect(told("south")).toContain("north");
  expect(told("north")).not.toContain("north");
  expect(told("nowhere")).toContain("north");
});
