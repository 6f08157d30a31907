/**
 * A feed-forward layer over the last n inputs (time-lagged, as in Lapedes & Farber, 1987): h = tanh(X·W + b).
 * Plain reference: test/reference/context-cells.ts.
 */
import { addProducts } from "../matrix/dense";
import { addOuterProducts } from "../matrix/outer";
import { blockHidden } from "../memory/block";
import { gradients, weights } from "../memory/parameters";
import { gateGradientBytes, gateGradients, stateBytes } from "../memory/passes";
import { hiddenBytes } from "../memory/shape";
import { beginHidden, finishHidden, hiddenBackward } from "./inputs";
import { blockContext, contextBytes } from "./layout";

/** h of the rows of a block from the last n inputs of each. */
export function windowForward(rows: i32): void {
  beginHidden(rows);
  addProducts(
    rows, blockContext, contextBytes, contextBytes, weights, hiddenBytes, hiddenBytes, blockHidden, hiddenBytes,
  );
  finishHidden(rows);
}

/** Adds the gradients of one step of `count` windows, whose states after it are at `next`. */
export function windowBackward(count: i32, next: usize): void {
  hiddenBackward(count, next);
  addOuterProducts(
    count, next + hiddenBytes, stateBytes, contextBytes, gateGradients, gateGradientBytes, hiddenBytes,
    gradients, hiddenBytes,
  );
}
