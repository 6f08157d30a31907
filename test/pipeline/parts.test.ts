/** The small parts of the pipeline, each against what it says of itself. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { chunksOf } from "../../src/pipeline/task/chunks.js";
import { systemClock } from "../../src/pipeline/clock.js";
import { CommitQueue } from "../../src/pipeline/task/commits.js";
import { KeyJsonCache } from "../../src/pipeline/encode/key-json-cache.js";
import type { Commit } from "../../src/pipeline/ports.js";
import { fanOut, type Telemetry } from "../../src/pipeline/telemetry.js";
import { bytes, jsonRecord } from "./records.js";
import { append, filled, quiet, start } from "./running.js";

test("chunks have every record in order, none too many, and none from both sides of the edge", () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(gaps, fc.nat(60), fc.integer({ min: 1, max: 12 }), fc.nat(3), (steps, edge, size, behind) => {
      let offset = 0;
      const records = steps.map((step) => jsonRecord((offset += step), "k", 1));
      const nextOffset = offset + 1 + behind;
      const chunks = [...chunksOf({ records, nextOffset, endOffset: nextOffset }, edge, size)];
      expect(chunks.flatMap((chunk) => chunk.records)).toEqual(records);
      for (const [i, chunk] of chunks.entries()) {
        expect(chunk.records.length).toBeGreaterThan(0);
        expect(chunk.records.length).toBeLessThanOrEqual(size);
        expect(new Set(chunk.records.map((record) => record.offset < edge)).size).toBe(1);
        const following = chunks[i + 1]?.records[0];
        expect(chunk.next).toBe(following === undefined ? nextOffset : following.offset);
        // As many as may be: a chunk ends before the size only at the edge.
        if (following !== undefined && chunk.records.length < size) {
          expect(chunk.records[0]!.offset < edge).not.toBe(following.offset < edge);
        }
      }
    }),
  );
  const empty = { records: [], nextOffset: 7, endOffset: 9 };
  expect([...chunksOf(empty, 3, 5)]).toEqual([{ records: [], next: 7 }]);
});

const commitOf = (offset: number): Commit => ({
  forecasts: [],
  incidents: [],
  deadLetters: [],
  routed: [],
  snapshot: undefined,
  offset,
});

test("one commit is under way while the next waits, in order", async () => {
  const begun: number[] = [];
  const land: (() => void)[] = [];
  const queue = new CommitQueue(
    ({ offset }) => {
      begun.push(offset);
      return new Promise<void>((resolve) => land.push(resolve));
    },
    () => undefined,
  );
  await queue.add(commitOf(1));
  let added = false;
  const second = queue.add(commitOf(2)).then(() => (added = true));
  await quiet();
  expect(begun).toEqual([1]);
  expect(added).toBe(false);
  land[0]!();
  await second;
  expect(begun).toEqual([1, 2]);
  let settled = false;
  const end = queue.settled().then(() => (settled = true));
  await quiet();
  expect(settled).toBe(false);
  land[1]!();
  await end;
});

test("after a commit that failed no other begins, and all are rejected with its error", async () => {
  const begun: number[] = [];
  let failures = 0;
  const gone = new Error("fenced");
  const queue = new CommitQueue(
    ({ offset }) => {
      begun.push(offset);
      return Promise.reject(gone);
    },
    () => failures++,
  );
  await queue.add(commitOf(1));
  await expect(queue.add(commitOf(2))).rejects.toBe(gone);
  await expect(queue.settled()).rejects.toBe(gone);
  expect(begun).toEqual([1]);
  expect(failures).toBeGreaterThan(0);
});

test("the system's clock sleeps until its time has come, or the signal is aborted", async () => {
  const began = systemClock.now();
  await systemClock.sleep(30, new AbortController().signal);
  expect(systemClock.now() - began).toBeGreaterThan(25);
  const stop = new AbortController();
  const long = systemClock.sleep(1e8, stop.signal);
  stop.abort();
  await long;
  await systemClock.sleep(1e8, stop.signal);
});

test("texts of keys are found again however many there are, whatever their slots", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(500), { minLength: 1, maxLength: 60 }),
      fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 }), {
        minLength: 60,
        maxLength: 60,
      }),
      (slots, texts) => {
        const keys = new KeyJsonCache();
        expect(keys.has(slots[0]!)).toBe(false);
        slots.forEach((slot, i) => keys.add(slot, texts[i]!));
        slots.forEach((slot, i) => {
          expect(keys.has(slot)).toBe(true);
          const begin = keys.beginOf(slot);
          const found = keys.bytes.subarray(begin, begin + keys.lengthOf(slot));
          expect(Buffer.from(found).equals(Buffer.from(texts[i]!))).toBe(true);
        });
      },
    ),
  );
});

/** What a telemetry was told, as text. */
function listener(name: string, told: string[]): Telemetry {
  return {
    forecasts: (batch) => {
      const known = batch.experts!.expertNames.length > 3;
      told.push(`${name}: ${batch.count} from ${batch.keyOf(batch.columns.slots[0]!)}, ${known}`);
    },
    rejection: ({ code, origin }) => told.push(`${name}: ${code} ${origin}`),
    update: ({ version }) => told.push(`${name}: version ${version}`),
  };
}

test("telemetry is told of live forecasts, refusals and updates, every listener in its turn, and of no replay", async () => {
  const log = filled(40);
  const first = start(log);
  await quiet();
  first.abandon();
  await quiet();
  log.append(0, { ...jsonRecord(0, "key-0", 0), value: bytes("{") });
  append(log, 200);
  const told: string[] = [];
  const forecaster = { hidden: 4, readout: "shared", bpttSteps: 2, stride: 2, bpttWindows: 1 } as const;
  start(log, {
    forecaster,
    recovery: { changedModel: "fresh" },
    telemetry: fanOut(listener("a", told), listener("b", told)),
  });
  await quiet();
  const [a, b] = ["a: ", "b: "].map((name) => told.filter((line) => line.startsWith(name)));
  expect(a!.map((line) => line.slice(3))).toEqual(b!.map((line) => line.slice(3)));
  expect(told.indexOf("a: RECORD_UNREADABLE readings/0@40")).toBe(
    told.indexOf("b: RECORD_UNREADABLE readings/0@40") - 1,
  );
  const counts = a!.flatMap((line) => /: (\d+) from key-\d, true/.exec(line)?.[1] ?? []);
  expect(counts.map(Number).reduce((sum, count) => sum + count)).toBe(200);
  const versions = a!.flatMap((line) => /version (\d+)/.exec(line)?.[1] ?? []).map(Number);
  expect(versions).toEqual(versions.map((_, i) => i + 1));
  expect(versions.length).toBeGreaterThan(5);
  // A successor that replays all of it tells nothing of that.
  const later: string[] = [];
  start(log, { forecaster, telemetry: listener("c", later) });
  await quiet();
  expect(later).toEqual([]);
});

test("telemetry is told of keys that are forgotten, and of no replay", async () => {
  const log = filled(40);
  const told: string[] = [];
  const telemetry: Telemetry = {
    ...listener("a", []),
    forgotten: ({ timeToLive, maximum }) => told.push(`${timeToLive}, ${maximum}`),
  };
  const forecaster = { hidden: 4, readout: "shared", maxKeys: 1 } as const;
  const first = start(log, { forecaster, telemetry: fanOut(listener("b", []), telemetry) });
  await quiet();
  expect(told.length).toBeGreaterThan(1);
  expect(new Set(told)).toEqual(new Set(["0, 1"]));
  first.abandon();
  await quiet();
  told.length = 0;
  start(log, { forecaster, telemetry });
  await quiet();
  expect(told).toEqual([]);
});
