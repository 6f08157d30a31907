/** Alarms become incidents, each opened once, updated a few times and closed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kinds } from "../../../src/forecast/detection/kind.js";
import { readAlarm } from "../../../src/forecast/incidents/alarm-deviation.js";
import type { ScoredValue } from "../../../src/forecast/incidents/incidents.js";
import { injected, injectedKinds } from "../../bench/detection/injections.js";
import { OneKeyDetector } from "../../support/detection.js";
import { ofScores, ordinary, scoredValue, told, trackerOf } from "../../support/incidents.js";

const changesOf = (values: readonly ScoredValue[], options?: object): [number, string][] =>
  told(trackerOf(options), values).map(({ position, change }) => [position, change]);

describe("an incident", () => {
  test("is opened by its first alarm and closed by the 64th ordinary value after it", () => {
    expect(changesOf(ofScores([0.1, 1.5, ...ordinary(70)]))).toEqual([
      [1, "opened"],
      [65, "closed"],
    ]);
  });

  test("goes on while values are unusual", () => {
    const held = Array.from({ length: 200 }, () => 0.5);
    expect(changesOf(ofScores([1.5, ...held, ...ordinary(70)]))).toEqual([
      [0, "opened"],
      [264, "closed"],
    ]);
  });

  test("is updated when its peak has grown by a quarter since it was last told", () => {
    const scores = [2, 2.4, 2.5, 3, 3.2, ...ordinary(64)];
    expect(changesOf(ofScores(scores))).toEqual([
      [0, "opened"],
      [2, "updated"],
      [4, "updated"],
      [68, "closed"],
    ]);
  });

  test("is updated once its kind is settled, which does not change any more", () => {
    const kinds = ["spike", "spike", "level shift", "flatline"] as const;
    const values = ofScores([1.5, ...ordinary(70)]).map((scored, index) => ({
      ...scored,
      alarm: { kind: kinds[Math.min(index, 3)]!, direction: "below", settled: index > 1 } as const,
    }));
    const all = told(trackerOf(), values);
    expect(all.map(({ position, change, incident }) => [position, change, incident.kind])).toEqual([
      [0, "opened", "spike"],
      [2, "updated", "level shift"],
      [64, "closed", "level shift"],
    ]);
    expect(all[1]!.incident).toMatchObject({ direction: "below", settled: true });
  });

  test("does not last to one unusual value among ordinary ones", () => {
    const values = ofScores([1.5, 0.5, ...ordinary(10), 0.5, ...ordinary(70)]);
    const { change, position, incident } = told(trackerOf(), values).at(-1)!;
    expect([change, position, incident.end, incident.events]).toEqual(["closed", 67, 60_000, 2]);
  });

  test("tells begin, peak, end, lasting values and how rare the peak is", () => {
    const values = ofScores([0.1, 1.5, 0.5, 2, 0.1, 0.5, ...ordinary(70)]).map((scored) =>
      scored.position === 3 ? { ...scored, value: 77, expected: 11 } : scored,
    );
    expect(told(trackerOf(), values).at(-1)!.incident).toEqual({
      position: 1,
      begin: 60_000,
      end: 300_000,
      state: "closed",
      kind: "spike",
      direction: "above",
      settled: true,
      muted: false,
      peak: { time: 180_000, value: 77, expected: 11, score: 2 },
      severity: expect.closeTo(6) as number,
      events: 4,
      updates: 1,
    });
  });

  test("takes 64 bytes a key", () => {
    expect(trackerOf().rows.bytesPerKey).toBe(64);
  });
});

describe("any scored values", () => {
  const scored = fc.record({
    score: fc.oneof(
      { weight: 6, arbitrary: fc.double({ min: 0, max: 0.39, noNaN: true }) },
      { weight: 2, arbitrary: fc.double({ min: 0.4, max: 1, noNaN: true }) },
      { weight: 1, arbitrary: fc.double({ min: 1, max: 23, noNaN: true }) },
      { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, 255, 1e9) },
    ),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    expected: fc.double({ noDefaultInfinity: true }),
    deviation: fc.oneof(fc.constant(NaN), fc.double({ min: -20, max: 20, noNaN: true })),
    alarm: fc.option(
      fc.record({
        kind: fc.constantFrom(...kinds),
        direction: fc.constantFrom("above" as const, "below" as const, undefined),
        settled: fc.boolean(),
      }),
      { nil: undefined },
    ),
  });
  const stream = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 30 }), scored), { maxLength: 60 })
    .map((runs) => runs.flatMap(([length, one]) => Array.from({ length }, () => one)))
    .map((all) => all.map((one, minute) => scoredValue(minute, one)));
  const settings = fc.record({
    direction: fc.constantFrom("both", "above", "below"),
    minimumDeviation: fc.record({ absolute: fc.constantFrom(0, 10), share: fc.constantFrom(0, 0.5) }),
    confirm: fc.constantFrom({ count: 1, of: 1 }, { count: 2, of: 3 }, { count: 16, of: 16 }),
    quiet: fc.constantFrom([], [{ from: "00:10", to: "02:00" }]),
  });

  test("open an incident before they update or close it, and no second one before that", () => {
    fc.assert(
      fc.property(stream, settings, (values, options) => {
        let open: number | undefined;
        const ids = new Set<number>();
        let updates = 0;
        for (const { change, incident } of told(trackerOf(options), values)) {
          if (change === "opened") {
            expect(open).toBeUndefined();
            expect(ids).not.toContain(incident.position);
            ids.add((open = incident.position));
            updates = 0;
          } else expect(incident.position).toBe(open);
          if (change === "updated") updates++;
          expect(incident.updates).toBe(updates);
          expect(updates).toBeLessThanOrEqual(26);
          expect(incident.state).toBe(change === "closed" ? "closed" : "open");
          if (change === "closed") open = undefined;
        }
      }),
    );
  });

  test("have each alarm in exactly one incident where every alarm counts", () => {
    fc.assert(
      fc.property(stream, (values) => {
        const tracker = trackerOf();
        const open = new Set<number>();
        for (const value of values) {
          const change = tracker.observe(0, value);
          const incident = tracker.incidentOf(0);
          if (value.score > 1) {
            expect(incident?.state).toBe("open");
            expect(incident!.end).toBe(value.time);
            expect(open.has(incident!.position)).toBe(change !== "opened");
          }
          if (change === "opened") open.add(incident!.position);
          if (change === "closed") open.delete(incident!.position);
          expect(open.size).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("leave the same bits and tell the same after a restore anywhere, and beside any other key", () => {
    fc.assert(
      fc.property(stream, stream, settings, fc.nat(), (values, others, options, at) => {
        const cut = values.length === 0 ? 0 : at % values.length;
        const whole = trackerOf(options);
        const expected = told(whole, values);
        const first = trackerOf(options, { keys: 2 });
        const second = trackerOf(options, { keys: 3 });
        told(first, others, 0);
        const before = told(first, values.slice(0, cut), 1);
        second.rows.write(2, first.rows.read(1));
        told(second, others, 1);
        expect([...before, ...told(second, values.slice(cut), 2)]).toEqual(expected);
        for (const part of ["f64", "f32", "u16"] as const) {
          expect(Buffer.from(second.rows.read(2)[part].buffer)).toEqual(
            Buffer.from(whole.rows.read(0)[part].buffer),
          );
        }
      }),
    );
  });

  test("are of concern where they change anything", () => {
    fc.assert(
      fc.property(stream, settings, (values, options) => {
        const all = trackerOf(options);
        const concerned = trackerOf(options);
        for (const value of values) {
          const expected = all.observe(0, value);
          const change = concerned.concerns(0, value.score) ? concerned.observe(0, value) : undefined;
          expect(change).toBe(expected);
        }
        expect(concerned.rows.read(0)).toEqual(all.rows.read(0));
      }),
    );
  });
});

test("most faults that the detector finds are one incident, told a few times", () => {
  const counts: number[] = [];
  for (const kind of injectedKinds) {
    for (let seed = 0; seed < 3 && kind !== "nothing"; seed++) {
      const { times, values, windows } = injected(kind, 4000 + seed);
      const detector = new OneKeyDetector();
      const tracker = trackerOf();
      let opened = 0;
      let expected = NaN;
      for (const [position, value] of values.entries()) {
        const time = times[position]!;
        const score = detector.score(time, value);
        if (tracker.concerns(0, score)) {
          const reading = readAlarm(detector.rows.rowOf(0), value - expected);
          const change = tracker.observe(0, { position, time, value, expected, score, ...reading });
          const [from, to] = windows[0]!;
          if (change === "opened" && position >= from && position <= to) opened++;
          expect(tracker.incidentOf(0)?.updates ?? 0).toBeLessThanOrEqual(10);
        }
        expected = value;
      }
      counts.push(opened);
    }
  }
  const found = counts.filter((count) => count > 0);
  expect(found.length).toBeGreaterThanOrEqual(0.9 * counts.length);
  expect(found.filter((count) => count === 1).length).toBeGreaterThanOrEqual(0.6 * found.length);
});

describe("the deviation of an alarm", () => {
  const detector = new OneKeyDetector();
  for (let t = 0; t < 1000; t++) detector.score(t * 60_000, (t * 7919) % 13);

  test("is not known before the first one", () => {
    expect(readAlarm(detector.rows.rowOf(0), 5)).toEqual({ alarm: undefined, deviation: NaN });
  });

  test("is that from what was usual, or from the forecast where that is larger on the same side", () => {
    detector.score(1000 * 60_000, 100);
    const { alarm, deviation } = readAlarm(detector.rows.rowOf(0), NaN);
    expect(alarm?.direction).toBe("above");
    expect(deviation).toBeGreaterThan(3);
    expect(deviation).toBeLessThan(100);
    expect(readAlarm(detector.rows.rowOf(0), 200).deviation).toBe(200);
    expect(readAlarm(detector.rows.rowOf(0), -200).deviation).toBe(deviation);
    expect(readAlarm(detector.rows.rowOf(0), 1).deviation).toBe(deviation);
  });
});
