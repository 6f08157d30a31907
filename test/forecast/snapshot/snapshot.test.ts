import fc from "fast-check";
import { expect, test } from "vitest";
import { checksumOf, crc32 } from "../../../src/forecast/encoding/checksum.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { joinRecords, type SnapshotRecord } from "../../../src/forecast/snapshot/snapshot.js";
import { bitsOf, quick, run, syntheticEvents } from "../../support/streams.js";

const create = (options: ForecasterOptions = quick): Forecaster =>
  new Forecaster(forecasterSettings(options));
const failing = (code: string, message: RegExp): Error =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }) as Error;
const events = syntheticEvents(1200, 9);

function snapshotAfter(count: number): Uint8Array {
  const forecaster = create();
  run(forecaster, events.slice(0, count));
  const bytes = forecaster.snapshot();
  forecaster.dispose();
  return bytes;
}

/** The records that changed, where no key was forgotten. */
function recordsOf(forecaster: Forecaster): SnapshotRecord[] {
  return forecaster.changes().map(({ key, bytes }) => ({ key, bytes: bytes! }));
}

test("the checksum is that of ISO 3309, with and without Node's own", () => {
  const nine = new TextEncoder().encode("123456789");
  expect(crc32(nine)).toBe(0xcbf43926);
  expect(checksumOf(0xedb88320)(nine) >>> 0).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(checksumOf(0xedb88320)(bytes) >>> 0).toBe(crc32(bytes));
    }),
  );
});

test("the latest records of each key and of the model are a snapshot, in any order, joined or apart", () => {
  const whole = bitsOf(run(create(), events), 1000);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      fc.boolean(),
      (cuts, random, apart) => {
        const forecaster = create();
        const latest = new Map<string | undefined, SnapshotRecord>();
        const keep = (): void => recordsOf(forecaster).forEach((record) => latest.set(record.key, record));
        let at = 0;
        for (const cut of cuts) {
          run(forecaster, events.slice(at, Math.min(at + cut, 1000)));
          at = Math.min(at + cut, 1000);
          keep();
        }
        run(forecaster, events.slice(at, 1000));
        keep();
        const shuffled = [...latest.values()]
          .map((record) => ({ record, place: random.next().value as number }))
          .sort((a, b) => a.place - b.place)
          .map(({ record }) => record);
        const restored = create();
        restored.restore(apart ? shuffled.map(({ bytes }) => bytes) : joinRecords(shuffled));
        expect(bitsOf(run(restored, events.slice(1000)))).toBe(whole);
      },
    ),
    { numRuns: 20 },
  );
});

test("changes hold the model and only keys that had events since", () => {
  const forecaster = create();
  run(forecaster, events);
  expect(forecaster.changes().length).toBe(1 + forecaster.keyCount);
  expect(forecaster.changes().map(({ key }) => key)).toEqual([undefined]);
  run(forecaster, events.slice(0, 1));
  expect(forecaster.changes().map(({ key }) => key)).toEqual([undefined, events[0]!.key]);
});

test("restoring forgets keys that the snapshot does not hold", () => {
  const forecaster = create();
  run(forecaster, syntheticEvents(500, 40));
  forecaster.restore(snapshotAfter(600));
  expect(forecaster.keyCount).toBe(9);
  const fresh = create();
  fresh.restore(snapshotAfter(600));
  const others = syntheticEvents(300, 40, 5);
  expect(bitsOf(run(forecaster, others))).toBe(bitsOf(run(fresh, others)));
});

test("keys of any text survive", () => {
  const keys = ["__proto__", "constructor", "a\nb", "\u0000", "ключ", "🌊", " ", "x".repeat(1024)];
  const forecaster = create();
  const stream = keys.flatMap((key, i) =>
    [1, 2, 3].map((value) => ({ key, time: i + value, value: value * i })),
  );
  run(forecaster, stream);
  const restored = create();
  restored.restore(forecaster.snapshot());
  expect(keys.map((key) => restored.keyOf(restored.slotOf(key)))).toEqual(keys);
  expect(restored.keyCount).toBe(keys.length);
  expect(bitsOf(run(restored, stream))).toBe(bitsOf(run(forecaster, stream)));
});

test("restores from a Buffer, as files and brokers give them", () => {
  const restored = create();
  restored.restore(Buffer.concat([snapshotAfter(700)]));
  expect(restored.snapshot()).toEqual(snapshotAfter(700));
});

test("takes over another model's snapshot where only tuning differs and that is asked for", () => {
  const retuned = create({ ...quick, learningRate: 0.01, alarmRate: 0.01 });
  expect(() => retuned.restore(snapshotAfter(701))).toThrow(failing("SNAPSHOT_FOREIGN", /learningRate/));
  retuned.restore(snapshotAfter(701), { anyTuning: true });
  const first = create();
  first.restore(snapshotAfter(701));
  const [a, b] = [retuned, first].map((forecaster) => run(forecaster, events.slice(701, 702)).yhat[0]);
  expect(a).toBe(b);
  const other = create({ ...quick, hidden: 12 });
  expect(() => other.restore(snapshotAfter(701), { anyTuning: true })).toThrow(
    failing("SNAPSHOT_FOREIGN", /hidden/),
  );
});

test("refuses another model's snapshot, naming what differs", () => {
  const other = create({ ...quick, hidden: 12, seed: 2 });
  const before = other.snapshot();
  expect(() => other.restore(snapshotAfter(100))).toThrow(
    failing(
      "SNAPSHOT_FOREIGN",
      /hidden is 8 in the snapshot and 12 here, seed is 1 in the snapshot and 2 here/,
    ),
  );
  expect(other.snapshot()).toEqual(before);
});

test("refuses a snapshot made with another number of features", () => {
  expect(() => create({ ...quick, featureCount: 2 }).restore(snapshotAfter(700))).toThrow(
    failing("SNAPSHOT_FOREIGN", /featureCount is 0 in the snapshot and 2 here/),
  );
});

test("refuses a snapshot that mixes records of two models", () => {
  const other = create({ ...quick, seed: 2 });
  run(other, events.slice(0, 50));
  const records = recordsOf(other).filter(({ key }) => key !== undefined);
  const mixed = joinRecords([{ key: undefined, bytes: snapshotAfter(0) }, ...records]);
  expect(() => create().restore(mixed)).toThrow(failing("SNAPSHOT_FOREIGN", /other settings/));
});

test("refuses a snapshot of a later format", () => {
  const bytes = snapshotAfter(0);
  const view = new DataView(bytes.buffer);
  view.setUint16(4, 999, true);
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  expect(() => create().restore(bytes)).toThrow(failing("SNAPSHOT_VERSION", /format 999/));
});

test("refuses a snapshot with any bit flipped or cut anywhere, and is unchanged by the attempt", () => {
  const bytes = snapshotAfter(700);
  const forecaster = create();
  run(forecaster, events.slice(0, 300));
  const before = forecaster.snapshot();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 8 * bytes.length - 1 }), fc.boolean(), (bit, cut) => {
      const damaged = cut ? bytes.slice(0, bit >> 3) : bytes.slice();
      if (!cut) damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => forecaster.restore(damaged)).toThrow(failing("SNAPSHOT_CORRUPT", /damaged/));
    }),
    { numRuns: 300 },
  );
  expect(forecaster.snapshot()).toEqual(before);
});

test("refuses bytes that are no snapshot at all", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      expect(() => create().restore(bytes)).toThrow(failing("SNAPSHOT_CORRUPT", /damaged/));
    }),
    { numRuns: 50 },
  );
});

test("refuses a snapshot with a key twice, or without its model", () => {
  const forecaster = create();
  run(forecaster, events.slice(0, 200));
  const records = recordsOf(forecaster);
  expect(() => create().restore(joinRecords([...records, records[1]!]))).toThrow(
    failing("SNAPSHOT_CORRUPT", /twice/),
  );
  expect(() => create().restore(joinRecords(records.slice(1)))).toThrow(
    failing("SNAPSHOT_CORRUPT", /one model, found none/),
  );
});
