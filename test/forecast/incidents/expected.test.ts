/** Kinds of incidents that users said are fine are not told of their keys for a while. */
import { describe, expect, test } from "vitest";
import { ExpectedKinds } from "../../../src/forecast/incidents/expected.js";
import { Gates } from "../../../src/forecast/incidents/gates.js";
import { IncidentTracker } from "../../../src/forecast/incidents/incidents.js";
import { incidentSchema } from "../../../src/forecast/incidents/schema.js";
import { Silences } from "../../../src/forecast/incidents/silence/silences.js";
import { arrivals, ordinaryGaps } from "../../support/arrivals.js";
import { ofScores, ordinary, told } from "../../support/incidents.js";
import { tellSilences } from "../../support/silences.js";

const minute = 60_000;

function trackerExpecting(expected: ExpectedKinds): IncidentTracker {
  const settings = incidentSchema.parse({});
  const gates = new Gates(settings, { timeZone: "UTC" });
  const tracker = new IncidentTracker({ confirm: settings.confirm, alarmRate: 0.001 }, gates, expected);
  tracker.rows.reserve(2);
  return tracker;
}

/** A spike at minutes 1 and 101. */
const twoSpikes = ofScores([0.1, 1.5, ...ordinary(99), 1.5, ...ordinary(70)]);

describe("a kind that is expected of a key", () => {
  test("is not told before the stated time, and told from then on", () => {
    const expected = new ExpectedKinds();
    expected.expect(0, "spike", 100 * minute);
    const tracker = trackerExpecting(expected);
    expect(told(tracker, twoSpikes).map(({ position, change }) => [position, change])).toEqual([
      [101, "opened"],
      [165, "closed"],
    ]);
  });

  test("leaves no incident behind", () => {
    const expected = new ExpectedKinds();
    expected.expect(0, "spike", 100 * minute);
    const tracker = trackerExpecting(expected);
    for (const scored of twoSpikes.slice(0, 100)) {
      tracker.observe(0, scored);
      expect(tracker.incidentOf(0)).toBeUndefined();
      expect(tracker.openPosition(0)).toBeNaN();
    }
  });

  test("is told of other keys, and other kinds are told of the key", () => {
    const expected = new ExpectedKinds();
    expected.expect(0, "spike", Infinity);
    expect(told(trackerExpecting(expected), twoSpikes, 1)).toHaveLength(4);
    const shifts = twoSpikes.map((scored) => ({
      ...scored,
      alarm: { kind: "level shift", direction: "above", settled: true } as const,
    }));
    expect(told(trackerExpecting(expected), shifts)).toHaveLength(4);
  });

  test("is told once it turns out to be another kind", () => {
    const expected = new ExpectedKinds();
    expected.expect(0, "spike", Infinity);
    const values = ofScores([0.1, 1.5, ...ordinary(70)]).map((scored, at) => ({
      ...scored,
      alarm: { kind: at < 9 ? "spike" : "level shift", direction: "above", settled: at >= 9 } as const,
    }));
    expect(
      told(trackerExpecting(expected), values).map(({ position, change, incident }) => [
        position,
        change,
        incident.kind,
        incident.position,
      ]),
    ).toEqual([
      [9, "opened", "level shift", 1],
      [65, "closed", "level shift", 1],
    ]);
  });

  test("is told where it lasts beyond the stated time", () => {
    const expected = new ExpectedKinds();
    expected.expect(0, "spike", 20 * minute);
    const values = ofScores([0.1, ...Array.from({ length: 40 }, () => 1.5), ...ordinary(70)]);
    expect(
      told(trackerExpecting(expected), values).map(({ position, change }) => [position, change]),
    ).toEqual([
      [20, "opened"],
      [104, "closed"],
    ]);
  });

  test("the later of two times holds", () => {
    const expected = new ExpectedKinds();
    expected.expect(0, "spike", 100);
    expected.expect(0, "spike", 50);
    expect(expected.isExpected(0, "spike", 99)).toBe(true);
    expect(expected.isExpected(0, "spike", 100)).toBe(false);
    expect(expected.isExpected(0, undefined, 0)).toBe(false);
  });

  test("may be silence, which is told again after the stated time", () => {
    const all = arrivals(ordinaryGaps["regular"]!, 20, 8000, 1);
    const [first, second] = [all[3000]!.time, all[6000]!.time];
    const gone = (time: number): boolean =>
      (time > first && time < first + 20 * minute) || (time > second && time < second + 20 * minute);
    const expected = new ExpectedKinds();
    expected.expect(7, "silence", first + 60 * minute);
    const options = { alarmRate: 0.001, localOf: (time: number) => time };
    const silences = new Silences(options, { isQuiet: () => false }, expected);
    silences.reserve(20);
    const changes = tellSilences(
      silences,
      all.filter(({ key, time }) => key !== 7 || !gone(time)),
    );
    expect(changes.map(({ key, change }) => [key, change])).toEqual([
      [7, "opened"],
      [7, "closed"],
    ]);
    expect(changes[0]!.time).toBeGreaterThan(second);
  });
});
