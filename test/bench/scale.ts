/** What a key and an event cost with a thousand keys and with a million, learning on, with the smallest read-out. */
import { uniform } from "../../src/engine/random.js";
import { forecastColumns, observationColumns } from "../../src/forecast/columns.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../src/forecast/settings.js";
import type { Figure } from "./figures.js";

const few = 1_000;
const many = 1_000_000;
/** Events of a round, whatever the number of keys. */
const events = 1_000_000;
/** Events of every key before those that are timed: from then on all keys are learned from, every eighth event. */
const warmUp = 24;
const rounds = 8;

export function benchScale(): Figure[] {
  const runs = [few, many].map((keys) => new ScaleRun(keys));
  runs.forEach((run) => run.warmUp());
  const times = [0, 0];
  for (let round = 0; round < rounds; round++) {
    for (const [i, run] of runs.entries()) times[i] = times[i]! + run.observe() / rounds;
  }
  const [fewTime, manyTime] = times;
  const [fewBytes, manyBytes] = runs.map((run) => run.bytes);
  const { bytesPerKey } = runs[0]!;
  runs.forEach((run) => run.dispose());
  return [
    {
      name: "bytes_per_key_h32_shared",
      value: bytesPerKey,
      unit: "bytes",
      peer: `a million keys hold ${(manyBytes! / many).toFixed(0)} each, with room for more; a thousand ${(fewBytes! / few).toFixed(0)}, buffers included`,
      ratio: NaN,
    },
    {
      name: "keys_1k_to_1m_cost",
      value: manyTime! / fewTime!,
      unit: "× the CPU time of an event",
      peer: `${fewTime!.toFixed(2)} µs with a thousand keys, ${manyTime!.toFixed(2)} with a million`,
      ratio: NaN,
    },
  ];
}

class ScaleRun {
  readonly #forecaster = new Forecaster(forecasterSettings({ cell: "gru", hidden: 32, readout: "shared" }));
  readonly #keys: number;
  readonly #observations: ReturnType<typeof observationColumns>;
  readonly #forecasts = forecastColumns(events);
  #round = 0;

  constructor(keys: number) {
    this.#keys = keys;
    this.#observations = observationColumns(events);
    const slots = Array.from({ length: keys }, (_, k) => this.#forecaster.slotOf(`key-${k}`));
    for (let i = 0; i < events; i++) this.#observations.slots[i] = slots[i % keys]!;
    this.#observations.count = events;
  }

  /** Bytes of a key's state. */
  get bytesPerKey(): number {
    return this.#forecaster.bytesPerKey;
  }

  get bytes(): number {
    return this.#forecaster.bytes;
  }

  warmUp(): void {
    for (let round = 0; round < (warmUp * this.#keys) / events; round++) this.observe();
  }

  /** CPU microseconds of an event. */
  observe(): number {
    const round = this.#round++;
    const next = uniform(round);
    for (let i = 0; i < events; i++) {
      this.#observations.times[i] = 1000 * Math.floor((round * events + i) / this.#keys);
      this.#observations.values[i] = Math.sin(i) + next();
    }
    const begin = process.cpuUsage();
    this.#forecaster.observe(this.#observations, this.#forecasts);
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / events;
  }

  dispose(): void {
    this.#forecaster.dispose();
  }
}
