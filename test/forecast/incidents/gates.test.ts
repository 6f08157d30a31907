/** Gates: which alarms count, how many confirm an incident, and when incidents are muted. */
import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { Gates } from "../../../src/forecast/incidents/gates.js";
import { incidentSchema } from "../../../src/forecast/incidents/schema.js";
import { weekdays } from "../../../src/forecast/incidents/settings.js";
import { ofScores, ordinary, scoredValue, told, trackerOf } from "../../support/incidents.js";

const gatesOf = (options: object, timeZone = "UTC"): Gates =>
  new Gates(incidentSchema.parse(options), { timeZone });

test("a direction lets alarms of its side pass, and none without a side", () => {
  const passed = (direction: string): boolean[] =>
    [3, -3, NaN].map((deviation) => gatesOf({ direction }).passes(0, deviation, 10));
  expect(passed("both")).toEqual([true, true, true]);
  expect(passed("above")).toEqual([true, false, false]);
  expect(passed("below")).toEqual([false, true, false]);
});

test("a minimum deviation is absolute, or a share of what was expected", () => {
  const absolute = gatesOf({ minimumDeviation: { absolute: 5 } });
  expect([4.9, 5, -5, NaN].map((deviation) => absolute.passes(0, deviation, 10))).toEqual([
    false,
    true,
    true,
    true,
  ]);
  const share = gatesOf({ minimumDeviation: { share: 0.5 } });
  expect([4.9, 5, -5].map((deviation) => share.passes(0, deviation, -10))).toEqual([false, true, true]);
  expect(share.passes(0, 0.1, NaN)).toBe(true);
  const both = gatesOf({ minimumDeviation: { absolute: 5, share: 0.1 } });
  expect([both.passes(0, 6, 10), both.passes(0, 6, 100), both.passes(0, 4, 10)]).toEqual([
    true,
    false,
    false,
  ]);
});

test("a minimum deviation in a feature is that of the key, and none where the feature never came", () => {
  const features = [[5, 0.5], [NaN, NaN], [1]];
  const gates = new Gates(
    incidentSchema.parse({ minimumDeviation: { absolute: { feature: 0 }, share: { feature: 1 } } }),
    { timeZone: "UTC", featureOf: (slot, feature) => features[slot]![feature] ?? NaN },
  );
  const passed = (slot: number): boolean[] => [0.5, 4, 6, -6].map((each) => gates.passes(slot, each, 10));
  expect(passed(0)).toEqual([false, false, true, true]);
  expect(passed(1)).toEqual([true, true, true, true]);
  expect(passed(2)).toEqual([false, true, true, true]);
});

test("some keys have gates of their own, also where a slot gets another key", () => {
  const overrides = [
    { keys: "/temperature$", direction: "above", minimumDeviation: { absolute: 5 } },
    { keys: "^pump", minimumDeviation: { share: 0.5 } },
  ];
  const keys = ["pump-1/temperature", "pump-1/flow", "fan"];
  const gates = new Gates(incidentSchema.parse({ direction: "below", overrides }), {
    timeZone: "UTC",
    keyOf: (slot) => keys[slot]!,
  });
  const passed = (slot: number): boolean[] =>
    [-9, -4, 4, 9].map((deviation) => gates.passes(slot, deviation, 10));
  expect(passed(0)).toEqual([false, false, false, true]);
  expect(passed(1)).toEqual([true, false, false, true]);
  expect(passed(2)).toEqual([true, true, false, false]);
  keys[0] = "fan";
  expect(passed(0)).toEqual(passed(2));
});

test("an alarm that does not pass opens no incident, and keeps none open", () => {
  const options = { minimumDeviation: { absolute: 5 } };
  expect(told(trackerOf(options), ofScores([2, 0.5, 3], { deviation: 1 }))).toEqual([]);
  const values = [
    scoredValue(0, { score: 2 }),
    ...ofScores(Array.from({ length: 64 }, () => 9)).map((scored, index) => ({
      ...scored,
      position: 1 + index,
      deviation: 1,
    })),
  ];
  expect(told(trackerOf(options), values).map(({ position, change }) => [position, change])).toEqual([
    [0, "opened"],
    [64, "closed"],
  ]);
});

describe("two of the last three values", () => {
  const confirm = { count: 2, of: 3 };
  const changes = (scores: readonly number[]): [number, string, number][] =>
    told(trackerOf({ confirm }), ofScores(scores)).map(({ position, change, incident }) => [
      position,
      change,
      incident.position,
    ]);

  test("open an incident that begins with the first of them", () => {
    expect(changes([2, 0.5])).toEqual([[1, "opened", 0]]);
    expect(changes([2, 0.1, 0.5])).toEqual([[2, "opened", 0]]);
  });

  test("open none where only one is unusual, or none of them is an alarm", () => {
    expect(changes([2, ...ordinary(3), 2, ...ordinary(20)])).toEqual([]);
    expect(changes([0.5, 0.6, 0.7, 0.9, 1])).toEqual([]);
  });

  test("are looked for no longer than an incident without them would last", () => {
    const rarely = Array.from({ length: 200 }, (_, index) => (index % 16 === 0 ? 0.5 : 0.1));
    const options = { confirm: { count: 16, of: 16 } };
    const values = ofScores([2, ...rarely, ...Array.from({ length: 16 }, () => 2)]);
    const [opened] = told(trackerOf(options), values);
    expect([opened!.position, opened!.incident.position]).toEqual([216, 201]);
  });

  test("count from the alarm on", () => {
    expect(changes([0.9, 2, 0.1, 0.1, 0.1, 2, 0.1, 0.4])).toEqual([[7, "opened", 5]]);
  });
});

describe("a quiet time", () => {
  const quiet = [{ from: "1970-01-01T00:00Z", to: "1970-01-01T00:10Z" }];
  const marks = (values: Parameters<typeof told>[1]): [number, string, boolean][] =>
    told(trackerOf({ quiet }), values).map(({ position, change, incident }) => [
      position,
      change,
      incident.muted,
    ]);

  test("mutes an incident that lies in it", () => {
    expect(marks(ofScores([0.1, 2, ...ordinary(70)]))).toEqual([
      [1, "opened", true],
      [65, "closed", true],
    ]);
  });

  test("mutes none that begins after it, nor one that goes on after it", () => {
    expect(marks(ofScores([...ordinary(10), 2]))).toEqual([[10, "opened", false]]);
    expect(marks(ofScores([2, ...Array.from({ length: 12 }, () => 0.5)]))).toEqual([
      [0, "opened", true],
      [10, "updated", false],
    ]);
    expect(marks(ofScores([2, ...ordinary(11), 1.5]))).toEqual([
      [0, "opened", true],
      [12, "updated", false],
    ]);
  });

  test("is not outlasted by one unusual value among ordinary ones", () => {
    expect(marks(ofScores([2, ...ordinary(11), 0.5]))).toEqual([[0, "opened", true]]);
  });

  test("may be days and hours of a zone, across midnight and changes of the clocks", () => {
    const [from, to] = ["22:00", "06:30"];
    const zone = "Europe/Berlin";
    const gates = gatesOf({ quiet: [{ days: ["sat", "mon"], from, to }] }, zone);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 66_000_000 }), (minute) => {
        const local = DateTime.fromMillis(minute * 60_000, { zone });
        const day = weekdays[local.weekday % 7]!;
        const clock = local.toFormat("HH:mm");
        const evening = ["sat", "mon"].includes(day) && clock >= from;
        const morning = ["sun", "tue"].includes(day) && clock < to;
        expect(gates.isQuiet(minute * 60_000)).toBe(evening || morning);
      }),
    );
  });

  test("is every day where none is named, and may be a whole day", () => {
    const noon = Date.UTC(2026, 4, 6, 12);
    expect(gatesOf({ quiet: [{ from: "12:00", to: "12:01" }] }).isQuiet(noon)).toBe(true);
    expect(gatesOf({ quiet: [{ from: "12:00", to: "12:01" }] }).isQuiet(noon + 60_000)).toBe(false);
    const whole = gatesOf({ quiet: [{ days: ["wed"], from: "00:00", to: "24:00" }] });
    const hours = Array.from({ length: 72 }, (_, hour) => noon + (hour - 36) * 3_600_000);
    expect(hours.filter((time) => whole.isQuiet(time))).toHaveLength(24);
  });
});

test.each([
  [{ confirm: { count: 3, of: 2 } }, "expected count to be at most of"],
  [{ confirm: { count: 17, of: 17 } }, "confirm"],
  [{ quiet: [{ from: "2026-02-30", to: "2026-03-01" }] }, "expected {from, to} as ISO 8601 times"],
  [{ quiet: [{ from: "24:00", to: "03:00" }] }, "expected {from, to} as ISO 8601 times"],
  [{ quiet: [{ from: "2026-03-01", to: "2026-03-01" }] }, "expected from before to"],
  [{ quiet: [{ from: "08:00", to: "08:00" }] }, "expected from and to to differ"],
  [{ quiet: [{ days: ["friday"], from: "08:00", to: "09:00" }] }, "quiet"],
  [{ minimumDeviation: { absolute: -1 } }, "minimumDeviation"],
  [{ direction: "up" }, "direction"],
])("%j is refused by name", (options, message) => {
  expect(incidentSchema.safeParse(options).error?.message).toContain(message);
});

test("by default every alarm counts, alone and at any time", () => {
  expect(incidentSchema.parse({})).toEqual({
    direction: "both",
    minimumDeviation: { absolute: 0, share: 0 },
    confirm: { count: 1, of: 1 },
    overrides: [],
    silence: false,
    quiet: [],
  });
});
