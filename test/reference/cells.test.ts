/** The oracle's own gradients against finite differences of its own loss. */
import { describe, expect, it } from "vitest";
import { cellKinds } from "../../src/engine/port.js";
import { randomTask } from "./tasks.js";
import { oracleGradient, oracleLoss } from "./cells.js";

describe.each(cellKinds)("the 64-bit oracle of %s", (cell) => {
  it.each([0.05, 10])("has the gradient that finite differences of its loss show, huber %d", (huber) => {
    const { shape, weights, windows } = randomTask({
      cell,
      inputs: 3,
      hidden: 4,
      skips: 4,
      bpttSteps: 5,
      bpttWindows: 3,
      seed: 7,
    });
    const gradient = oracleGradient(shape, weights, windows, huber);
    const delta = 1e-5;
    gradient.forEach((value, i) => {
      const loss = (by: number) =>
        oracleLoss(
          shape,
          weights.map((weight, k) => (k === i ? weight + by : weight)),
          windows,
          huber,
        );
      expect(value).toBeCloseTo((loss(delta) - loss(-delta)) / (2 * delta), 8);
    });
  });
});
