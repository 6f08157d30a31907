/** The engine on symbols against a 64-bit oracle: distributions, loss and gradients. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { recurrentKinds, type Engine } from "../../../src/engine/port.js";
import { uniform } from "../../../src/engine/random.js";
import { wasmEngine } from "../../../src/engine/wasm/engine.js";
import { norm, oracleAdam, oracleStateSize } from "../../reference/cells.js";
import {
  oracleSymbolGradient,
  oracleSymbolLoss,
  oracleSymbolStep,
  symbolLayout,
  type OracleSymbols,
  type SymbolWindow,
} from "../../reference/symbols.js";
import { loadWeights, stateOf } from "../../reference/tasks.js";

const engines: Engine[] = [];
afterEach(() => engines.splice(0).forEach((engine) => engine.dispose()));

const tasks = fc
  .record({
    cell: fc.constantFrom(...recurrentKinds),
    inputs: fc.constantFrom(4, 8, 12),
    hidden: fc.constantFrom(4, 8, 12),
    symbols: fc.constantFrom(8, 12, 16),
    known: fc.integer({ min: 1, max: 16 }),
    bpttSteps: fc.integer({ min: 1, max: 6 }),
    bpttWindows: fc.integer({ min: 1, max: 7 }),
    seed: fc.integer({ min: 0, max: 0xffffffff }),
  })
  .map(({ known, ...rest }) => ({ ...rest, known: Math.min(known, rest.symbols) }));

/** An engine with the random weights of a task, and its windows in the engine's buffers. */
function prepare({
  bpttSteps,
  bpttWindows: count,
  seed,
  ...rest
}: typeof tasks extends fc.Arbitrary<infer T> ? T : never) {
  const shape: OracleSymbols = { ...rest, skips: 0, context: bpttSteps };
  const next = uniform(seed);
  const below = (n: number): number => Math.floor(next() * n);
  const weights = Float64Array.from({ length: symbolLayout(shape).length }, () =>
    Math.fround(((2 * next() - 1) * 1.5) / Math.sqrt(shape.hidden)),
  );
  const windows: SymbolWindow[] = Array.from({ length: count }, () => ({
    state: Array.from({ length: oracleStateSize(shape) }, () => Math.fround((2 * next() - 1) * 0.9)),
    steps: Array.from({ length: bpttSteps }, () => ({
      symbol: below(shape.known),
      target: below(shape.known),
      observed: next() > 0.2,
    })),
  }));
  const engine = wasmEngine({ ...rest, skips: 0, bpttSteps, bpttWindows: count, rows: count }, 1);
  engines.push(engine);
  engine.setKnownSymbols!(shape.known);
  loadWeights(engine, weights);
  engine.reserve(count);
  const buffers = engine.windowBuffers;
  for (const [b, { state, steps }] of windows.entries()) {
    buffers.states[b] = b;
    engine.writeState(b, Float32Array.from(state), 0);
    for (const [k, { symbol, target, observed }] of steps.entries()) {
      buffers.symbols![k * count + b] = symbol;
      buffers.targets[k * count + b] = target;
      buffers.observed[k * count + b] = observed ? 1 : 0;
    }
  }
  return { shape, engine, weights, windows };
}

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(expected).reduce((worst, value, i) => Math.max(worst, Math.abs(actual[i]! - value)), 0);
}

describe("the engine on symbols", () => {
  it("steps and gives the oracle's distributions, whatever rows share a batch", () => {
    fc.assert(
      fc.property(tasks, (task) => {
        const { shape, engine, weights, windows } = prepare(task);
        const { states, symbols, distributions } = engine.stepBuffers;
        const oracle = windows.map(({ state, steps }) =>
          oracleSymbolStep(shape, weights, state, steps[0]!.symbol),
        );
        windows.forEach(({ steps }, row) => {
          states[row] = row;
          symbols![row] = steps[0]!.symbol;
        });
        engine.step(windows.length);
        for (const [row, { after, distribution }] of oracle.entries()) {
          const at = row * shape.symbols;
          const actual = distributions!.slice(at, at + shape.symbols);
          expect(largestDifference(stateOf(engine, row), after)).toBeLessThan(5e-6);
          expect(largestDifference(actual, distribution)).toBeLessThan(5e-6);
          expect(actual.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("has the oracle's loss and gradient, and takes its step of Adam", () => {
    fc.assert(
      fc.property(tasks, (task) => {
        const { shape, engine, weights, windows } = prepare(task);
        const expected = oracleSymbolGradient(shape, weights, windows);
        const report = engine.learn(windows.length, { rate: 0.01, clip: 1e9, huber: 1 });
        expect(report.loss).toBeCloseTo(oracleSymbolLoss(shape, weights, windows), 5);
        expect(Math.abs(report.gradientNorm - norm(expected))).toBeLessThan(1e-5 * (1 + norm(expected)));
        const { firstMoments, weights: after } = engine.readParameters();
        const gradient = firstMoments.map((moment) => 10 * moment);
        expect(largestDifference(gradient, expected)).toBeLessThan(2e-5 * Math.max(norm(expected), 0.01));
        // From the engine's own gradient: Adam's first step is a sign, which rounding decides where it is near zero.
        const stepped = weights.slice();
        const zeros = (): Float64Array => new Float64Array(weights.length);
        oracleAdam(stepped, zeros(), zeros(), gradient, 0.01);
        const clear = stepped.map((value, i) => (Math.abs(gradient[i]!) > 1e-6 ? value : after[i]!));
        expect(largestDifference(after, clear)).toBeLessThan(1e-4);
      }),
      { numRuns: 20 },
    );
  });

  it("renews a symbol: its read-out is that of symbol 0, its moments are gone, and nothing else changes", () => {
    fc.assert(
      fc.property(tasks, fc.nat(), (task, place) => {
        const { shape, engine, windows } = prepare(task);
        engine.learn(windows.length, { rate: 0.01, clip: 1e9, huber: 1 });
        const expected = engine.readParameters();
        const { output, length } = symbolLayout(shape);
        const symbol = 1 + (place % (shape.symbols - 1));
        for (let row = output; row < length; row += shape.symbols) {
          expected.weights[row + symbol] = expected.weights[row]!;
          expected.firstMoments[row + symbol] = expected.secondMoments[row + symbol] = 0;
        }
        engine.renewSymbol!(symbol);
        expect(engine.readParameters()).toEqual(expected);
        engine.setKnownSymbols!(shape.symbols);
        engine.stepBuffers.states[0] = 0;
        engine.step(1);
        const { distributions } = engine.stepBuffers;
        expect(distributions![symbol]).toBe(distributions![0]);
      }),
      { numRuns: 50 },
    );
  });

  it.each([0, 8, -1, 1.5, NaN])("refuses to renew symbol %s of 8: it is nobody's place", (symbol) => {
    const shape = {
      cell: "gru",
      inputs: 4,
      hidden: 8,
      skips: 0,
      bpttSteps: 4,
      bpttWindows: 2,
      rows: 2,
    } as const;
    for (const symbols of [0, 8]) {
      const engine = wasmEngine({ ...shape, symbols }, 1);
      engines.push(engine);
      expect(() => engine.renewSymbol!(symbol)).toThrow(RangeError);
    }
  });

  it("begins with all known symbols as likely, and knows no others", () => {
    const engine = wasmEngine(
      { cell: "gru", inputs: 4, hidden: 8, skips: 0, symbols: 8, bpttSteps: 4, bpttWindows: 2, rows: 2 },
      1,
    );
    engines.push(engine);
    engine.reserve(1);
    engine.setKnownSymbols!(5);
    engine.step(1);
    expect([...engine.stepBuffers.distributions!.slice(0, 8)]).toEqual(
      [0.2, 0.2, 0.2, 0.2, 0.2, 0, 0, 0].map(Math.fround),
    );
  });

  it.each([
    { symbols: 6, cell: "gru", inputs: 4 },
    { symbols: 8, cell: "window", inputs: 4 },
    { symbols: 8, cell: "gru", inputs: 5 },
  ] as const)("refuses a shape that it cannot run: %o", (shape) => {
    expect(() =>
      wasmEngine({ hidden: 8, skips: 0, bpttSteps: 4, bpttWindows: 2, rows: 2, ...shape }, 1),
    ).toThrow(RangeError);
  });
});
