/** What `tune` recommends among choices whose counts are known. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  choose,
  crossValidate,
  f1,
  perDay,
  rankForecasters,
  type Choice,
  type FoldCounts,
  type Trial,
} from "../../../src/cli/tune/choose.js";

const folds = [0, 1, 2, 3, 4];

function choice(each: Partial<Choice>, counts: Partial<FoldCounts>): Choice {
  const complete = { told: 0, right: 0, wrong: 0, missed: 0, open: 0, ...counts };
  return {
    forecaster: 0,
    gates: 0,
    alarmRate: 0.001,
    recurring: false,
    counts: folds.map(() => complete),
    ...each,
  };
}

function trial(choices: readonly Choice[], goal: Partial<Trial["goal"]>, skills?: Trial["skills"]): Trial {
  return {
    goal: { incidentsPerDay: Infinity, labelled: false, ...goal },
    choices,
    days: folds.map(() => 2),
    skills: skills ?? [folds.map(() => 0.5)],
  };
}

describe("without labels", () => {
  const rising = [0.0001, 0.001, 0.01].map((alarmRate, i) => choice({ alarmRate }, { told: 2 * (i + 1) }));

  test("the largest alarm rate is taken that tells at most the stated number a day", () => {
    const rateFor = (incidentsPerDay: number): number =>
      choose(trial(rising, { incidentsPerDay }), folds).choice.alarmRate;
    expect([1, 1.9, 2, 2.9, 3, 100].map(rateFor)).toEqual([0.0001, 0.0001, 0.001, 0.001, 0.01, 0.01]);
  });

  test("a rate is not taken because its incidents merge to few", () => {
    const merged = choice({ alarmRate: 0.02 }, { told: 1, open: 0.6 });
    expect(choose(trial([...rising, merged], { incidentsPerDay: 100 }), folds).choice.alarmRate).toBe(0.01);
    const beyond = choice({ alarmRate: 0.02 }, { told: 1 });
    expect(choose(trial([...rising, beyond], { incidentsPerDay: 2 }), folds).choice.alarmRate).toBe(0.001);
  });

  test("gates are taken only where no rate without them is low enough", () => {
    const gated = choice({ gates: 1 }, { told: 1 });
    expect(choose(trial([...rising, gated], { incidentsPerDay: 2 }), folds).choice.gates).toBe(0);
    expect(choose(trial([...rising, gated], { incidentsPerDay: 0.5 }), folds).choice).toBe(gated);
  });

  test("where no choice is low enough, the one that tells fewest is recommended and said to miss the goal", () => {
    expect(choose(trial(rising, { incidentsPerDay: 0.1 }), folds)).toEqual({ choice: rising[0], met: false });
  });
});

describe("with labels", () => {
  const good = choice({ gates: 2 }, { told: 4, right: 4, wrong: 0, missed: 0 });
  const plain = choice({}, { told: 4, right: 3, wrong: 0, missed: 1 });

  test("the best F1 score is taken", () => {
    expect(choose(trial([plain, good], { labelled: true }), folds).choice).toBe(good);
  });

  test("of choices within one standard error of the best, the plainest is taken", () => {
    const uneven = {
      ...good,
      counts: folds.map((fold) => ({
        told: 4,
        right: fold === 0 ? 0 : 4,
        wrong: 0,
        missed: fold === 0 ? 4 : 0,
        open: 0,
      })),
    };
    expect(f1(uneven, folds)).toBeGreaterThan(f1(plain, folds));
    expect(choose(trial([plain, uneven], { labelled: true }), folds).choice).toBe(plain);
  });

  test("the stated number of incidents a day holds as well", () => {
    const loud = choice({ alarmRate: 0.01 }, { told: 40, right: 4 });
    const { choice: chosen } = choose(trial([plain, loud], { labelled: true, incidentsPerDay: 2 }), folds);
    expect(chosen).toBe(plain);
  });
});

test("a forecaster that is not clearly worse than the best keeps its place, another goes behind it", () => {
  const steady = (skill: number): number[] => folds.map(() => skill);
  expect(rankForecasters([steady(0.5), steady(0.6)], folds)).toEqual([1, 0]);
  const noisy = [0.9, 0.3, 0.7, 0.5, 0.65];
  expect(rankForecasters([steady(0.6), noisy], folds)).toEqual([0, 1]);
});

test("folds in which values never change say nothing of a forecaster", () => {
  const steady = (skill: number, ...others: number[]): number[] => [...others, ...folds.map(() => skill)];
  const all = [0, 1, 2, 3, 4, 5, 6];
  expect(rankForecasters([steady(0.5, NaN, -Infinity), steady(0.6, NaN, NaN)], all)).toEqual([1, 0]);
  expect(rankForecasters([steady(NaN), steady(NaN)], folds)).toEqual([0, 1]);
});

test("what is held out was not chosen on: a fold apart from the others tells the truth", () => {
  // Four folds are quiet at the high rate, the last one is not.
  const counts = (last: number): FoldCounts[] =>
    folds.map((fold) => ({ told: fold === 4 ? last : 1, right: 0, wrong: 0, missed: 0, open: 0 }));
  const high = { ...choice({ alarmRate: 0.01 }, {}), counts: counts(50) };
  const low = { ...choice({ alarmRate: 0.001 }, {}), counts: counts(2) };
  const held = crossValidate(trial([low, high], { incidentsPerDay: 1 }));
  expect(held.told).toBe(4 + 50);
  expect(held.perDayInterval.low).toBeLessThan(1);
  expect(held.perDayInterval.high).toBeGreaterThan(5.4);
});

test("a choice that meets the goal tells no more than stated, whatever the counts", () => {
  const counts = fc
    .array(fc.nat(20), { minLength: 5, maxLength: 5 })
    .map((all) => all.map((told) => ({ told, right: 0, wrong: told, missed: 0, open: told / 60 })));
  const some = fc.array(
    fc.record({
      forecaster: fc.nat(1),
      gates: fc.nat(3),
      alarmRate: fc.constantFrom(0.0001, 0.001, 0.01),
      recurring: fc.boolean(),
      counts,
    }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(
      some,
      fc.double({ min: 0, max: 10, noNaN: true }),
      fc.boolean(),
      (choices, incidentsPerDay, labelled) => {
        const skills = [folds.map(() => 0.1), folds.map((fold) => fold / 10)];
        const given = trial(choices, { incidentsPerDay, labelled }, skills);
        const { choice: chosen, met } = choose(given, folds);
        expect(choices).toContain(chosen);
        if (met) expect(perDay(chosen, given.days, folds)).toBeLessThanOrEqual(incidentsPerDay);
        const { perDay: realised, perDayInterval } = crossValidate(given);
        expect(perDayInterval.low).toBeLessThanOrEqual(realised);
        expect(perDayInterval.high).toBeGreaterThanOrEqual(realised);
      },
    ),
  );
});
