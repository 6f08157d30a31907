/** Members that deviate together are one incident of their group, at the stated rate, however they depend on each other. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binOf, bins, binWidth, combinedRarity } from "../../../../src/forecast/incidents/groups/combined.js";
import { Gates } from "../../../../src/forecast/incidents/gates.js";
import { Groups, mostGroups, mostNamed } from "../../../../src/forecast/incidents/groups/groups.js";
import { incidentSchema } from "../../../../src/forecast/incidents/schema.js";
import { noiseOf, type Noise } from "../../../bench/detection/ordinary.js";

const alarmRate = 0.001;
const depth = -Math.log(alarmRate);
/** Keys are named group/member. */
const groupOf = (key: string): string | undefined => /^(.*)\//.exec(key)?.[1];

function groupsOf(keys: readonly string[]): Groups {
  const gates = new Gates(incidentSchema.parse({}), { timeZone: "UTC" });
  const groups = new Groups({ alarmRate, groupOf }, gates);
  groups.reserve(Math.max(keys.length, 1));
  keys.forEach((key, slot) => groups.begin(slot, key));
  return groups;
}

const members = (count: number): string[] => Array.from({ length: count }, (_, i) => `site/${i}`);
const scoreOf = (share: number): number => -Math.log(share) / depth;

/** Takes rounds of scores, each of all members in turn, and returns the group's scores and what was opened. */
function rounds(groups: Groups, scores: readonly (readonly number[])[], first = 0) {
  const all: number[] = [];
  let opened = 0;
  scores.forEach((round, r) =>
    round.forEach((score, slot) => {
      const at = (first + r) * round.length + slot;
      if (groups.observe(slot, at, (first + r) * 60_000, score) === "opened") opened++;
      all.push(groups.score);
    }),
  );
  return { all, opened };
}

describe("the combined rarity", () => {
  /** Simes' test by its definition, from the second smallest on. */
  const simes = (shares: readonly number[]): number => {
    const sorted = [...shares].sort((a, b) => a - b);
    return Math.min(1, ...sorted.slice(1).map((share, i) => (sorted.length * share) / (i + 2)));
  };

  test("is that of Simes' test, less two bins at most", () => {
    const rarity = fc.double({ min: 0, max: 30, noNaN: true });
    fc.assert(
      fc.property(fc.array(rarity, { minLength: 1, maxLength: 60 }), (rarities) => {
        const counts = new Uint32Array(bins);
        for (const each of rarities) counts[binOf(each)]!++;
        const found = combinedRarity(counts, 0, rarities.length);
        const exact = -Math.log(simes(rarities.map((each) => Math.exp(-each))));
        expect(found).toBeLessThanOrEqual(exact + 1e-9);
        const cut = Math.min(exact, (bins - 1) * binWidth - Math.log(rarities.length));
        expect(found).toBeGreaterThanOrEqual(Math.max(cut, 0) - 2 * binWidth);
      }),
    );
  });
});

describe("a group", () => {
  const count = 20;
  const ordinary = (noise: Noise, length: number): number[][] =>
    Array.from({ length }, () => Array.from({ length: count }, () => scoreOf(noise.uniform())));

  test("alarms where ten weak signs come at once, of which none is an alarm", () => {
    const groups = groupsOf(members(count));
    rounds(groups, ordinary(noiseOf(1), 300));
    const weak = Array.from({ length: count }, (_, i) => scoreOf(i < 10 ? 0.005 : 0.5));
    expect(Math.max(...weak)).toBeLessThan(1);
    const { all, opened } = rounds(groups, [weak], 300);
    expect(opened).toBe(1);
    expect(Math.max(...all)).toBeGreaterThan(1);
    const { state, peak } = groups.incidentOf(0)!;
    expect(state).toBe("open");
    // Beside the ten, one ordinary member in 16 deviates by chance.
    expect(peak.value).toBeGreaterThanOrEqual(9);
  });

  test("does not alarm where one member does", () => {
    const groups = groupsOf(members(count));
    rounds(groups, ordinary(noiseOf(1), 300));
    const one = Array.from({ length: count }, (_, i) => (i === 3 ? 8 : scoreOf(0.5)));
    expect(rounds(groups, [one], 300).opened).toBe(0);
  });

  test("ranks the members that deviate, and says since when each does", () => {
    const groups = groupsOf(members(30));
    const score = (slot: number): number => (slot < 20 ? 0.5 + slot / 100 : 0.1);
    const round = Array.from({ length: 30 }, (_, slot) => score(slot));
    rounds(groups, [round.map((each, slot) => (slot === 4 ? each : 0.1)), round]);
    const ranked = groups.deviatingMembers(0);
    expect(ranked.map(({ slot }) => slot)).toEqual(Array.from({ length: mostNamed }, (_, i) => 19 - i));
    expect(ranked.find(({ slot }) => slot === 4)!.since).toBe(0);
    expect(ranked.find(({ slot }) => slot === 5)!.since).toBe(60_000);
  });

  test("does not count a member that has not come for two rounds", () => {
    const groups = groupsOf(members(3));
    groups.observe(0, 0, 0, 0.9);
    const expired: number[] = [];
    for (let at = 1; at < 10; at++) {
      groups.observe(1 + (at % 2), at, at, 0.1);
      expired.push(...groups.expired);
    }
    expect(expired).toEqual([0]);
    expect(groups.deviatingMembers(1)).toEqual([]);
  });

  test("has no other group's members, and a key without a group is judged by itself", () => {
    const groups = groupsOf(["a/1", "b/1", "b/2", "alone"]);
    for (let slot = 0; slot < 4; slot++) groups.observe(slot, slot, 0, 0.9);
    expect(groups.deviatingMembers(0).map(({ slot }) => slot)).toEqual([0]);
    expect(groups.deviatingMembers(1).map(({ slot }) => slot)).toEqual([1, 2]);
    expect(groups.nameOf(3)).toBeUndefined();
    expect(groups.observe(3, 9, 0, 5)).toBeUndefined();
  });

  test("is bounded in number", () => {
    const groups = groupsOf(Array.from({ length: mostGroups + 2 }, (_, i) => `${i}/1`));
    expect(groups.nameOf(mostGroups - 1)).toBe(`${mostGroups - 1}`);
    expect(groups.nameOf(mostGroups)).toBeUndefined();
  });
});

describe("ordinary members keep the alarm rate", () => {
  const normalShare = (x: number): number => {
    const t = 1 / (1 + 0.3275911 * Math.abs(x) * Math.SQRT1_2);
    const tail =
      t *
      (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
      Math.exp((-x * x) / 2);
    return x > 0 ? tail / 2 : 1 - tail / 2;
  };
  const kinds: Readonly<Record<string, (noise: Noise) => () => (own: number) => number>> = {
    independent: () => () => (own) => normalShare(own),
    "scores that promise too much": () => () => (own) => normalShare(own) ** 1.5,
    "half of the variance in common": (noise) => () => {
      const common = noise.normal();
      return (own) => normalShare(Math.SQRT1_2 * (common + own));
    },
    "nearly all in common": (noise) => () => {
      const common = noise.normal();
      return (own) => normalShare(0.95 * common + Math.sqrt(1 - 0.95 ** 2) * own);
    },
    "a common wave that lasts": (noise) => {
      let common = 0;
      return () => {
        common = 0.9 * common + Math.sqrt(1 - 0.81) * noise.normal();
        return (own) => normalShare(Math.SQRT1_2 * (common + own));
      };
    },
  };

  test.each(Object.keys(kinds))("%s", (kind) => {
    for (const count of [2, 10]) {
      let alarms = 0;
      let values = 0;
      for (const seed of [1, 2, 3]) {
        const noise = noiseOf(seed);
        const next = kinds[kind]!(noise);
        const groups = groupsOf(members(count));
        const scores = Array.from({ length: 45_000 / count }, () => {
          const share = next();
          return Array.from({ length: count }, () => scoreOf(Math.max(share(noise.normal()), 1e-12)));
        });
        alarms += rounds(groups, scores).all.filter((score) => score > 1).length;
        values += 45_000;
      }
      expect(alarms / (alarmRate * values)).toBeLessThan(1.5);
    }
  });
});

describe("any scores", () => {
  const event = fc.record({
    slot: fc.nat(11),
    score: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(NaN, 3, 20)),
  });
  const keys = Array.from({ length: 12 }, (_, i) => (i === 0 ? "alone" : `${i % 3}/${i}`));

  test("leave the same bits and tell the same after a restore anywhere, whatever slots the keys get", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, fc.integer({ min: 1, max: 40 })), { maxLength: 60 }),
        fc.nat(),
        (runs, at) => {
          const events = runs.flatMap(([one, times]) =>
            Array.from({ length: times }, (_, i) => ({ ...one, slot: (one.slot + i) % 12 })),
          );
          const cut = events.length === 0 ? 0 : at % events.length;
          const tell = (groups: Groups, from: number, to: number, slotOf = (slot: number) => slot) =>
            events.slice(from, to).map(({ slot, score }, i) => {
              const change = groups.observe(slotOf(slot), from + i, from + i, score);
              const ranked = groups.deviatingMembers(slotOf(slot));
              return [
                change,
                groups.score,
                groups.incidentOf(slotOf(slot)),
                ranked.map((each) => ({ ...each, slot: slotOf(each.slot) })),
                groups.expired.map(slotOf),
              ];
            });
          const whole = groupsOf(keys);
          const expected = tell(whole, 0, events.length);
          const first = groupsOf(keys);
          const before = tell(first, 0, cut);
          const turned = (slot: number): number => 11 - slot;
          const second = groupsOf([]);
          second.reserve(12);
          second.restore(first.states());
          for (let slot = 0; slot < 12; slot++) second.rows.write(turned(slot), first.rows.read(slot));
          second.resume(keys.map((key, slot) => ({ slot: turned(slot), key, joined: first.joined(slot) })));
          expect([...before, ...tell(second, cut, events.length, turned)]).toEqual(expected);
          expect(second.states()).toEqual(whole.states());
        },
      ),
      { numRuns: 50, endOnFailure: true },
    );
  });
});
