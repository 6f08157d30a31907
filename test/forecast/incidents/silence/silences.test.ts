/** Keys that came regularly and do not come any more are told, at the stated rate, by the time of the stream alone. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { silentAfter, rememberedGaps } from "../../../../src/forecast/incidents/silence/gaps.js";
import { ActiveHours } from "../../../../src/forecast/incidents/silence/hours.js";
import { eventsSince, f32At, marks, u16At } from "../../../../src/forecast/incidents/silence/rows.js";
import { clockAt } from "../../../../src/forecast/incidents/silence/stream-clock.js";
import { mostAtOnce, tokensAt, type Silences } from "../../../../src/forecast/incidents/silence/silences.js";
import { arrivals, monday, ordinaryGaps, type Arrival } from "../../../support/arrivals.js";
import { alarmRate, allowed, silencesOf, tellSilences } from "../../../support/silences.js";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const keys = 100;

/** The arrivals without those of some keys from a time on. */
const without = (all: readonly Arrival[], gone: (key: number) => boolean, from: number): Arrival[] =>
  all.filter(({ key, time }) => !(gone(key) && time > from));

describe("a key that does not come any more", () => {
  const all = arrivals(ordinaryGaps["regular"]!, keys, 40_000, 1);
  const end = all[20_000]!.time;
  const last = all.findLastIndex(({ key, time }) => key === 7 && time <= end);

  test("is told within four of its gaps, once, as of its last event", () => {
    const told = tellSilences(
      silencesOf(keys),
      without(all, (key) => key === 7, end),
    );
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ key: 7, change: "opened", silence: { position: last, muted: false } });
    expect(told[0]!.silence.begin).toBe(all[last]!.time);
    expect(told[0]!.time - all[last]!.time).toBeLessThan(4 * minute);
    expect(told[0]!.silence.severity).toBeCloseTo(3);
  });

  test("is no longer silent with its next event", () => {
    const back = all.filter(({ key, time }) => key !== 7 || time <= end || time > end + 20 * minute);
    const told = tellSilences(silencesOf(keys), back);
    expect(told.map(({ key, change }) => [key, change])).toEqual([
      [7, "opened"],
      [7, "closed"],
    ]);
    const first = back.find(({ key, time }) => key === 7 && time > end)!;
    expect(told[1]!.time).toBe(first.time);
    expect(told[1]!.silence).toMatchObject({ position: told[0]!.silence.position, end: first.time });
  });

  test("is told though all others end with it but one", () => {
    const two = arrivals((time, _, key) => time + (key === 0 ? 1000 : minute), 2, 10_000, 1);
    const gone = two[5000]!.time;
    const told = tellSilences(
      silencesOf(2),
      without(two, (key) => key === 0, gone),
    );
    expect(told.map(({ key }) => key)).toEqual([0]);
    expect(told[0]!.time - gone).toBeLessThan(6 * minute);
  });

  test("is not told among its first 20 events", () => {
    const few = all.filter(({ key, time }) => key !== 7 || (time > end - 19 * minute && time <= end));
    expect(tellSilences(silencesOf(keys), few)).toEqual([]);
  });

  test("waits for its turn where hundreds end at once, and is told in the end or comes back", () => {
    const many = arrivals(ordinaryGaps["regular"]!, 1000, 90_000, 1);
    const gone = many[40_000]!.time;
    const rest = without(many, (key) => key < 300, gone);
    const silences = silencesOf(1000);
    const told = tellSilences(silences, rest);
    expect(told.length).toBeLessThanOrEqual(allowed(rest.length));
    expect(told.length + silences.ready).toBe(300);
    expect(new Set(told.map(({ key }) => key)).size).toBe(told.length);
  });
});

describe("no silence is", () => {
  test.each([
    ["a pause of all keys", (time: number, at: number) => (at < 20_000 ? time : time + 3 * hour)],
    [
      "an event that says it is of the year 2300",
      (time: number, at: number) => (at === 20_000 ? 1.04e13 : time),
    ],
    ["a first event that says so", (time: number, at: number) => (at === 0 ? 1.04e13 : time)],
    ["time that goes back by a day", (time: number, at: number) => (at < 20_000 ? time : time - day)],
  ])("%s", (_, timeOf) => {
    const all = arrivals(ordinaryGaps["regular"]!, keys, 40_000, 1);
    const moved = all.map(({ key, time }, at) => ({ key, time: timeOf(time, at) }));
    const silences = silencesOf(keys);
    expect(tellSilences(silences, moved)).toEqual([]);
    // The clock follows the others.
    expect(silences.stream[clockAt.time]).toBeCloseTo(timeOf(all.at(-1)!.time, all.length - 1), -5);
    const end = moved.at(-1)!.time;
    const later = all.map(({ key, time }) => ({ key, time: time - all[0]!.time + end + 500 }));
    const told = tellSilences(
      silences,
      later.filter(({ key }) => key !== 3),
      all.length,
    );
    expect(told.map(({ key }) => key)).toEqual([3]);
  });

  test("the night of a key that pauses every night, but for the first night", () => {
    const all = arrivals(ordinaryGaps["nights off, half the keys"]!, 10, 220_000, 1);
    const told = tellSilences(silencesOf(10), all).filter(({ change }) => change === "opened");
    expect(told.every(({ time }) => time < monday + day)).toBe(true);
    // It is still noticed when such a key ends in the middle of a day.
    const end = monday + 5 * day + 12 * hour;
    const ended = tellSilences(
      silencesOf(10),
      without(all, (key) => key === 1, end),
    ).filter(({ time }) => time > end);
    expect(ended.map(({ key }) => key)).toEqual([1]);
    expect(ended[0]!.time - end).toBeLessThan(5 * minute);
  });
});

describe("ordinary keys keep the alarm rate", () => {
  test.each(Object.keys(ordinaryGaps))("%s", (name) => {
    for (const count of [3, 60]) {
      const all = arrivals(ordinaryGaps[name]!, count, 60_000, 2);
      const opened = tellSilences(silencesOf(count), all).filter(({ change }) => change === "opened");
      expect(opened.length).toBeLessThanOrEqual(allowed(all.length));
    }
  });

  test("keys that end for good one after the other", () => {
    const all: Arrival[] = Array.from({ length: 60_000 }, (_, at) => ({
      key: 100 * Math.floor(at / 3000) + (at % 100),
      time: monday + 600 * at,
    }));
    const opened = tellSilences(silencesOf(2000), all);
    expect(opened.length).toBeLessThanOrEqual(allowed(all.length));
  });
});

/** The keys that are silent and not told, in the order in which they are told, found by looking at every key. */
function readyByLooking(silences: Silences, count: number): number[] {
  const hours = new ActiveHours((time) => time);
  const [time, events] = [silences.stream[clockAt.time]!, silences.stream[clockAt.count]!];
  const found: { slot: number; gaps: number; since: number }[] = [];
  for (let slot = 0; slot < count; slot++) {
    const row = silences.rows.rowOf(slot);
    const mark = row.u16[row.at16 + u16At.marks]!;
    if ((mark & marks.begun) === 0 || (mark & marks.open) !== 0) continue;
    const limit = silentAfter(row, alarmRate);
    if (limit === Infinity || hours.timeAfter(row, limit) > time) continue;
    const since = eventsSince(row, events);
    const perMs = row.f32[row.at32 + f32At.events]! / row.f32[row.at32 + f32At.gap]!;
    if (events - since + limit * perMs <= events) found.push({ slot, gaps: rememberedGaps(row), since });
  }
  return found.sort((a, b) => b.gaps - a.gaps || b.since - a.since).map(({ slot }) => slot);
}

describe("any arrivals", () => {
  const stream = fc
    .record({
      seed: fc.nat(1000),
      name: fc.constantFrom(...Object.keys(ordinaryGaps)),
      keys: fc.integer({ min: 1, max: 40 }),
      ends: fc.array(fc.tuple(fc.nat(39), fc.nat(3000), fc.nat(1500)), { maxLength: 30 }),
      jumps: fc.array(
        fc.tuple(fc.nat(3000), fc.constantFrom(-2 * day, -10 * minute, 30 * minute, 5 * hour)),
        {
          maxLength: 5,
        },
      ),
      wrong: fc.array(fc.nat(3000), { maxLength: 10 }),
    })
    .map(({ seed, name, keys, ends, jumps, wrong }) =>
      arrivals(ordinaryGaps[name]!, keys, 3000, seed)
        .map(({ key, time }, at) => ({
          key,
          at,
          time:
            time +
            jumps.reduce((sum, [from, by]) => sum + (at >= from ? by : 0), 0) +
            (wrong.includes(at) ? 100 * day : 0),
        }))
        .filter(
          ({ key, at }) => !ends.some(([gone, from, for_]) => key === gone && at >= from && at < from + for_),
        ),
    );

  test("tell at each event what looking at every key finds", () => {
    fc.assert(
      fc.property(stream, (all) => {
        const silences = silencesOf(40);
        for (const { key, time, at } of all) {
          silences.observe(key, at, time);
          const opened = [...silences.slots.subarray(0, silences.begun)];
          const left = readyByLooking(silences, 40);
          expect(left).toHaveLength(silences.ready);
          const held = silences.stream[tokensAt]! < 1 || opened.length === mostAtOnce;
          if (!held) expect(left).toEqual([]);
          // Those told come before those left, by the same order.
          for (const slot of opened) {
            const row = silences.rows.rowOf(slot);
            row.u16[row.at16 + u16At.marks] = row.u16[row.at16 + u16At.marks]! - marks.open;
          }
          if (opened.length === 0) continue;
          expect(readyByLooking(silences, 40).slice(0, opened.length)).toEqual(opened);
          for (const slot of opened) {
            const row = silences.rows.rowOf(slot);
            row.u16[row.at16 + u16At.marks] = row.u16[row.at16 + u16At.marks]! + marks.open;
          }
        }
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("leave the same bits and tell the same after a restore anywhere, whatever slots the keys get", () => {
    fc.assert(
      fc.property(stream, fc.nat(), (all, at) => {
        const cut = all.length === 0 ? 0 : at % all.length;
        const whole = silencesOf(40);
        const expected = tellSilences(whole, all);
        const first = silencesOf(40);
        const before = tellSilences(first, all.slice(0, cut));
        const second = silencesOf(40);
        const turned = (key: number): number => 39 - key;
        second.stream.set(first.stream);
        for (let key = 0; key < 40; key++) {
          second.resume(turned(key), first.rows.read(key));
        }
        expect([...before, ...tellSilences(second, all.slice(cut), cut, turned)]).toEqual(expected);
        expect(second.stream).toEqual(whole.stream);
        expect(second.ready).toBe(whole.ready);
        for (let key = 0; key < 40; key++) {
          const [given, wanted] = [second.rows.read(turned(key)), whole.rows.read(key)];
          for (const part of ["f64", "f32", "u16"] as const) {
            expect(Buffer.from(given[part].buffer).equals(Buffer.from(wanted[part].buffer))).toBe(true);
          }
        }
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });
});

test("a key takes 60 bytes", () => {
  expect(silencesOf(1).rows.bytesPerKey).toBe(60);
});

test("a slot that begins anew has no silence", () => {
  const silences = silencesOf(keys);
  const all = arrivals(ordinaryGaps["regular"]!, keys, 10_000, 1);
  tellSilences(silences, all);
  silences.start(7);
  const rest = arrivals(ordinaryGaps["regular"]!, keys, 20_000, 1).slice(10_000);
  expect(
    tellSilences(
      silences,
      rest.filter(({ key }) => key !== 7),
      10_000,
    ),
  ).toEqual([]);
  expect(silences.silenceOf(7)).toBeUndefined();
});
