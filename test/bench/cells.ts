/** Times a step and an update of every cell of the wasm engine, all in turn in one process, against gru's. */
import { cellKinds, type CellKind, type Engine } from "../../src/engine/port.js";
import { uniform } from "../../src/engine/random.js";
import { wasmEngine } from "../../src/engine/wasm/engine.js";
import { compare, inProcess } from "./contenders.js";
import { median, type Figure } from "./figures.js";

/** As a forecaster with the default settings has it. */
const shape = { inputs: 16, hidden: 32, skips: 24, bpttSteps: 16, bpttWindows: 32, rows: 1024 } as const;
const budget = 20;

function engineOf(cell: CellKind): Engine {
  const engine = wasmEngine({ ...shape, cell }, 1);
  engine.reserve(shape.rows);
  const next = uniform(1);
  const { stepBuffers, windowBuffers } = engine;
  for (const { inputs, skips } of [stepBuffers, windowBuffers]) {
    for (const values of [inputs, skips]) values.forEach((_, i) => (values[i] = 2 * next() - 1));
  }
  windowBuffers.targets.forEach((_, i) => (windowBuffers.targets[i] = next() - 0.5));
  windowBuffers.observed.fill(1);
  for (const { states } of [stepBuffers, windowBuffers]) states.forEach((_, i) => (states[i] = i));
  return engine;
}

/** Nanoseconds a key of a step of 1,024 keys and of one, and microseconds of an update from 32 windows. */
export async function benchCells(): Promise<Figure[]> {
  const engines = cellKinds.map(engineOf);
  const measure = async (
    name: string,
    unit: string,
    perCall: number,
    run: (engine: Engine) => void,
  ): Promise<Figure[]> => {
    const contenders = engines.map((engine, i) => inProcess(cellKinds[i]!, () => run(engine)));
    const times = (await compare(contenders, budget)).map((milliseconds) => median(milliseconds) * perCall);
    const gru = times[cellKinds.indexOf("gru")]!;
    return cellKinds.map((cell, i) => ({
      name: `${cell}_${name}`,
      value: times[i]!,
      unit,
      peer: `gru ${gru.toPrecision(3)}`,
      ratio: gru / times[i]!,
    }));
  };
  const options = { rate: 1e-4, clip: 1, huber: 0.5 };
  return [
    ...(await measure("step_b1024", "ns/key", 1e6 / shape.rows, (engine) => engine.step(shape.rows))),
    ...(await measure("step_b1", "ns/key", 1e6, (engine) => engine.step(1))),
    ...(await measure("update_b32", "µs", 1e3, (engine) => engine.learn(shape.bpttWindows, options))),
  ];
}
