/** A plain gate in 64 bits, with the rule of the mixture for its rivals: the oracle of the kernel. */
import type { GateLesson } from "../../src/engine/wasm/gates.js";
import { fromHalf, toHalf } from "../../src/forecast/encoding/halves.js";
import {
  learnMixture,
  lossGradient,
  mixtureWeights,
  type MixtureRow,
} from "../../src/forecast/experts/mixture.js";

const discounts = [0.8, 0.95, 0.99];
const clip = (value: number, most: number): number => Math.max(-most, Math.min(most, value));

export class ReferenceGate {
  readonly losses: number[][];
  readonly #row: MixtureRow = {
    f32: Float32Array.of(0, 0, 0, 3, 2, 0, 0, 0, 0),
    at32: 0,
    layout: { forecasts: 0, regrets: 3, squares: 6 },
  };
  readonly #weights: Float32Array;
  readonly #members: number;

  constructor(members: number, weights: Float32Array) {
    this.#members = members;
    this.#weights = weights;
    this.losses = discounts.map(() => Array.from({ length: members }, () => fromHalf(toHalf(0.7))));
  }

  /** The forecasts, regrets and squares of the rivals. */
  get rivals(): readonly number[] {
    return [...this.#row.f32];
  }

  inputs(said: readonly number[], ofValues: number, ofFew: number): number[] {
    const logarithms = this.losses.flatMap((losses) => {
      const logs = losses.map((loss) => Math.log(loss + 1e-3));
      return logs.map((log, m) => clip(m === 0 ? log : log - logs[0]!, 3));
    });
    const bounded = said.map((each) => clip(each, 20));
    const moves = bounded.slice(1).flatMap((each) => {
      const away = each - bounded[0]!;
      const size = Math.abs(away) / (1 + Math.abs(away));
      return [Math.sign(away) * size, size];
    });
    return [...logarithms, ...moves, ofValues, ofFew];
  }

  shares(said: readonly number[], ofValues: number, ofFew: number): number[] {
    const inputs = [...this.inputs(said, ofValues, ofFew), 1];
    const scores = Array.from({ length: this.#members }, (_, m) =>
      inputs.reduce((sum, input, i) => sum + input * this.#weights[m * inputs.length + i]!, 0),
    );
    const greatest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - greatest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  }

  whole(): number {
    const trust = new Float64Array(3);
    mixtureWeights(this.#row, 0, trust);
    return trust.reduce((sum, each, r) => sum + each * this.#row.f32[r]!, 0);
  }

  forecast(said: readonly number[], panel: number, ofValues: number, ofFew: number): number {
    const shares = this.shares(said, ofValues, ofFew);
    const bounded = said.map((each) => clip(each, 20));
    this.#row.f32.set([bounded[0]!, panel, bounded.reduce((sum, each, m) => sum + each * shares[m]!, 0)]);
    return this.whole();
  }

  learn(said: readonly number[], { target, spread, soonest, squared }: GateLesson): void {
    const whole = this.whole();
    learnMixture(this.#row, 3, whole, lossGradient(whole - target, squared) / spread);
    this.losses.forEach((losses, d) => {
      const rate = Math.max(1 - discounts[d]!, soonest);
      said.forEach((each, m) => {
        const error = Math.min(Math.abs(target - clip(each, 20)) / spread, 10);
        losses[m] = fromHalf(toHalf(losses[m]! + rate * (error - losses[m]!)));
      });
    });
  }
}
