/** The forecaster of symbols: bit for bit the same however it is fed, honest about the unseen, and it learns. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { SymbolForecaster } from "../../../src/forecast/symbols/forecaster.js";
import { symbolSettings, type SymbolForecasterOptions } from "../../../src/forecast/symbols/settings.js";
import { codeOf } from "../../support/code-of.js";
import { feed, small, walks } from "./streams.js";

const made: SymbolForecaster[] = [];
afterEach(() => made.splice(0).forEach((forecaster) => forecaster.dispose()));

function create(options: SymbolForecasterOptions = {}): SymbolForecaster {
  const forecaster = new SymbolForecaster(symbolSettings({ ...small, ...options }));
  made.push(forecaster);
  return forecaster;
}

const mean = (values: Float64Array): number => {
  const bits = [...values].filter((value) => !Number.isNaN(value)).map((value) => -Math.log2(value));
  return bits.reduce((a, b) => a + b, 0) / bits.length;
};

describe("the forecaster of symbols", () => {
  it.each(["rnn", "gru", "lstm"] as const)("gives the same bits with %s however events are cut", (cell) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        // Fewer symbols than there are: places change hands.
        fc.constantFrom(8, 16, 40),
        fc.array(fc.integer({ min: 1, max: 599 }), { maxLength: 30 }),
        (seed, symbols, ends) => {
          const events = walks(seed, 600, 7, 24, 0.05);
          for (const maxKeys of [0, 4]) {
            const options = { cell, maxSymbols: symbols, maxKeys };
            expect(feed(create(options), events, ends)).toEqual(feed(create(options), events));
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it("goes on from a snapshot bit for bit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 800 }), (seed, cut) => {
        const events = walks(seed, 900, 5, 24, 0.05);
        const options = { maxKeys: cut % 2 === 0 ? 0 : 3 };
        const whole = feed(create(options), events, [cut]);
        const before = create(options);
        feed(before, events.slice(0, cut));
        const after = create(options);
        after.restore(before.snapshot());
        const rest = feed(after, events.slice(cut));
        for (const name of ["probability", "recurrent", "ngrams", "unseen", "version"] as const) {
          expect(rest[name]).toEqual(whole[name].slice(cut));
        }
        expect(rest.next).toEqual(whole.next.slice(cut * 3));
      }),
      { numRuns: 15 },
    );
  });

  it("knows nothing of the future: what comes later changes no forecast before", () => {
    const events = walks(3, 500, 3, 12);
    const other = [...events.slice(0, 300), ...walks(4, 200, 3, 12)];
    const [a, b] = [feed(create(), events), feed(create(), other)];
    expect(a.unseen.slice(0, 300)).toEqual(b.unseen.slice(0, 300));
    expect(a.probability.slice(0, 300)).toEqual(b.probability.slice(0, 300));
    expect(a.next.slice(0, 900)).toEqual(b.next.slice(0, 900));
  });

  it("gives every symbol a share, and all shares sum to 1", () => {
    const forecaster = create({ maxSymbols: 32 });
    const events = walks(5, 1500, 4, 20);
    const { unseen, probability, nextProbability } = feed(forecaster, events);
    for (const value of probability) if (!Number.isNaN(value)) expect(value).toBeGreaterThan(0);
    const last = events.at(-1)!.key;
    const distribution = forecaster.distribution(forecaster.slotOf(last));
    const sum = [...distribution.values()].reduce((a, b) => a + b, 0);
    expect(sum + unseen.at(-1)!).toBeCloseTo(1, 9);
    const sorted = [...distribution.values()].sort((a, b) => b - a).slice(0, 3);
    expect([...nextProbability.slice(-3)].map((p) => p.toFixed(9))).toEqual(sorted.map((p) => p.toFixed(9)));
  });

  it("scores a symbol never seen by the probability of all others, and can name it from then on", () => {
    const forecaster = create({ maxSymbols: 16 });
    const events = Array.from({ length: 40 }, (_, i) => ({
      key: "a",
      symbol: i === 20 ? "new" : `s${i % 2}`,
    }));
    const { probability, unseen } = feed(forecaster, events);
    expect(probability[20]).toBeCloseTo(unseen[19]!, 12);
    expect(forecaster.distribution(forecaster.slotOf("a")).has("new")).toBe(true);
    expect(forecaster.symbols).toBe(3);
  });

  it("keeps its vocabulary bounded, and lets a symbol that keeps coming take the place of one long gone", () => {
    const forecaster = create({ maxSymbols: 8 });
    const walk = (names: readonly string[], count: number) =>
      Array.from({ length: count }, (_, i) => ({ key: "a", symbol: names[i % names.length]! }));
    feed(forecaster, walk(["a", "b", "c", "d", "e", "f", "g"], 70));
    const once = Array.from({ length: 300 }, (_, i) => ({ key: "a", symbol: `once${i}` }));
    feed(forecaster, once);
    expect([...forecaster.distribution(0).keys()].sort()).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
    const { probability } = feed(forecaster, walk(["a", "x", "y"], 600));
    expect(forecaster.symbols).toBe(7);
    const names = [...forecaster.distribution(0).keys()];
    expect(names).toContain("x");
    expect(names).toContain("y");
    expect(mean(probability.slice(-60))).toBeLessThan(0.2);
  });

  it("forgets the key whose last event is oldest where another begins beyond the most", () => {
    const forecaster = create({ maxKeys: 2 });
    const events = ["a", "b", "a", "c", "a", "b"].map((key) => ({ key, symbol: "x" }));
    const { probability } = feed(forecaster, events);
    expect([...probability].map(Number.isNaN)).toEqual([true, true, false, true, false, true]);
    expect(forecaster.keyCount).toBe(2);
    expect(forecaster.forgotten).toBe(2);
  });

  it("learns online: better than its n-grams where the past reaches further than they do", () => {
    // A period of 9 in contexts of at most 2: only a hidden state can tell where it is.
    const period = Array.from("aababbabb");
    const events = Array.from({ length: 12_000 }, (_, i) => ({ key: "a", symbol: period[i % 9]! }));
    const { probability, ngrams, recurrent } = feed(create({ order: 2, hidden: 16 }), events);
    expect(mean(ngrams.slice(-1000))).toBeGreaterThan(0.3);
    expect(mean(recurrent.slice(-1000))).toBeLessThan(0.05);
    expect(mean(probability.slice(-1000))).toBeLessThan(0.05);
  });

  it("refuses snapshots of other settings and damaged ones, and then has changed nothing", () => {
    const forecaster = create();
    feed(forecaster, walks(7, 200, 3, 12));
    const snapshot = forecaster.snapshot();
    expect(codeOf(() => create({ hidden: 12 }).restore(snapshot))).toBe("SNAPSHOT_FOREIGN");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: snapshot.length - 1 }), (at) => {
        const damaged = snapshot.slice();
        damaged[at]! ^= 0x10;
        expect(codeOf(() => forecaster.restore(damaged))).toMatch(/SNAPSHOT_(?:CORRUPT|VERSION|FOREIGN)/);
      }),
    );
    expect(forecaster.snapshot()).toEqual(snapshot);
  });

  it("takes over a snapshot of another tuning where that is asked for, and nothing else", () => {
    const forecaster = create();
    feed(forecaster, walks(8, 200, 3, 12));
    const snapshot = forecaster.snapshot();
    const retuned = create({ learningRate: 0.1 });
    expect(codeOf(() => retuned.restore(snapshot))).toBe("SNAPSHOT_FOREIGN");
    retuned.restore(snapshot, { anyTuning: true });
    const last = forecaster.slotOf("k0");
    expect(retuned.distribution(retuned.slotOf("k0"))).toEqual(forecaster.distribution(last));
    expect(codeOf(() => create({ order: 2 }).restore(snapshot, { anyTuning: true }))).toBe(
      "SNAPSHOT_FOREIGN",
    );
  });

  it("refuses everything after it was disposed of", () => {
    const forecaster = create();
    forecaster.dispose();
    expect(codeOf(() => forecaster.slotOf("a"))).toBe("FORECASTER_DISPOSED");
    expect(codeOf(() => forecaster.snapshot())).toBe("FORECASTER_DISPOSED");
  });
});
