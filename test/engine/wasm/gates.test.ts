/** The gates in the kernel: like their oracle, each row for itself, and with what the owner of a row keeps. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { Gates, mostMembers } from "../../../src/engine/wasm/gates.js";
import { ReferenceGate } from "../../reference/gates.js";

const owned = 9;
const members = fc.integer({ min: 2, max: mostMembers });

const inputsOf = (members: number): number => 3 * members + 2 * (members - 1) + 2;

function weightsOf(members: number, next: () => number, size: number): Float32Array {
  return Float32Array.from({ length: (inputsOf(members) + 1) * members }, () => size * (2 * next() - 1));
}

function create(members: number, weights: Float32Array, rows = 1): Gates {
  const gates = new Gates(members, owned);
  gates.weights = weights;
  gates.reserve(rows);
  for (let row = 0; row < rows; row++) gates.start(row);
  return gates;
}

/** What members say of one series: some near what comes, some far. */
function* events(members: number, next: () => number): Generator<{ said: number[]; target: number }> {
  for (;;) {
    const target = 4 * (next() - 0.5) * (next() < 0.05 ? 20 : 1);
    const said = Array.from({ length: members }, (_, m) => target + m * (next() - 0.5));
    // Singles, as experts say them.
    yield { said: said.map(Math.fround), target: Math.fround(target) };
  }
}

test("forecasts, regrets and losses follow the 64-bit oracle, whatever the number of members and the loss", () => {
  fc.assert(
    fc.property(
      members,
      fc.nat(1e6),
      fc.boolean(),
      fc.constantFrom(0.02, 0.3),
      (members, seed, squared, size) => {
        const next = uniform(seed + 1);
        const weights = weightsOf(members, next, size);
        const gates = create(members, weights);
        const oracle = new ReferenceGate(members, weights);
        const stream = events(members, next);
        const inputs = new Float64Array(inputsOf(members));
        for (let event = 1; event <= 200; event++) {
          const { said, target } = stream.next().value as { said: number[]; target: number };
          const ofValues = Math.fround(Math.min(Math.log(event), 8) - 4);
          const ofFew = Math.fround(3 / event);
          const panel = said[members - 1]! / 2;
          gates.buffers.said.set(said);
          const whole = gates.forecast(0, panel, ofValues, ofFew);
          const expected = oracle.forecast(said, panel, ofValues, ofFew);
          expect(Math.abs(whole - expected)).toBeLessThan(2e-3 * (1 + Math.abs(expected)));
          gates.readInputs(inputs);
          oracle.inputs(said, ofValues, ofFew).forEach((input, i) => expect(inputs[i]).toBeCloseTo(input, 2));
          const lesson = { target, spread: 1 + next(), soonest: 1 / (event + 0.5), squared };
          gates.buffers.said.set(said);
          gates.learn(0, lesson);
          oracle.learn(said, lesson);
        }
        const { rivals } = gates.readRow(0);
        oracle.rivals.slice(3).forEach((each, i) => {
          expect(Math.abs(rivals[3 + i]! - each)).toBeLessThan(0.02 * (1 + Math.abs(each)));
        });
      },
    ),
    { numRuns: 60 },
  );
});

test("shares are above 0 and sum to 1, trust too, however far apart the members are", () => {
  fc.assert(
    fc.property(members, fc.nat(1e6), fc.constantFrom(0, 1e30, -1e30, 3), (members, seed, far) => {
      const next = uniform(seed + 1);
      const gates = create(members, weightsOf(members, next, 3));
      gates.buffers.said.fill(0).set(Array.from({ length: members }, (_, m) => (m === 1 ? far : next())));
      const whole = gates.forecast(0, far, 0, 1);
      expect(Number.isFinite(whole)).toBe(true);
      gates.learn(0, { target: -far, spread: 1, soonest: 0.5, squared: false });
      gates.look(0, 0, 1);
      expect(Number.isFinite(gates.whole(0))).toBe(true);
      const { shares, trust } = gates.buffers;
      expect(shares.subarray(0, members).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      expect([...shares.subarray(members)].every((share) => share < 1e-30)).toBe(true);
      expect(trust.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
    }),
  );
});

test("a row is read, written to another one, and goes on there; its neighbours and the owner's numbers stay", () => {
  fc.assert(
    fc.property(members, fc.nat(1e6), (members, seed) => {
      const next = uniform(seed + 1);
      const gates = create(members, weightsOf(members, next, 0.3), 3);
      const stream = events(members, next);
      const kept = Array.from({ length: owned }, () => Math.floor(65536 * next()));
      kept.forEach((half, i) => gates.keep(1, i, half));
      gates.keepSingle(1, -1.5);
      const neighbours = [gates.readRow(0), gates.readRow(2)];
      const live = (row: number, { said, target }: { said: number[]; target: number }): number => {
        gates.buffers.said.set(said);
        const whole = gates.forecast(row, said[0]!, 0.5, 0.1);
        gates.learn(row, { target, spread: 1, soonest: 0.1, squared: false });
        return whole;
      };
      for (let event = 0; event < 20; event++)
        live(1, stream.next().value as { said: number[]; target: number });
      expect([...gates.owned(1)]).toEqual(kept);
      expect(gates.single(1)).toBe(-1.5);
      expect([gates.readRow(0), gates.readRow(2)]).toEqual(neighbours);
      const row = gates.readRow(1);
      expect(row.losses).toHaveLength(3 * members);
      gates.writeRow(0, row);
      expect(gates.readRow(0)).toEqual(row);
      const last = stream.next().value as { said: number[]; target: number };
      expect(live(0, last)).toBe(live(1, last));
      gates.start(1);
      expect(gates.readRow(1)).toEqual(neighbours[0]);
    }),
  );
});

test("a row that does not exist is refused", () => {
  const gates = create(2, weightsOf(2, uniform(1), 1));
  for (const call of [
    () => gates.whole(1),
    () => gates.look(-1, 0, 0),
    () => gates.single(1),
    () => gates.owned(9),
  ])
    expect(call).toThrow("does not exist: 1 rows are reserved");
});
