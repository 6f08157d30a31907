/** The cells that see their last n inputs, window, conv and attention: which of them packs, steps and learns. */
import { ATTENTION, cell, CONV, WINDOW } from "../memory/shape";
import { attentionBackward, attentionForward, packAttention } from "./attention";
import { convBackward, convForward, packConv } from "./conv";
import { rememberInputs } from "./inputs";
import { windowBackward, windowForward } from "./window";

/** Transposes the matrices that the backward pass needs. */
export function packContext(): void {
  if (cell == CONV) packConv();
  else if (cell == ATTENTION) packAttention();
}

/** Steps the rows of a block; keeps activations for the backward pass at `keep` unless it is 0. */
export function contextForward(rows: i32, x: usize, keep: usize): void {
  rememberInputs(rows, x);
  if (cell == WINDOW) windowForward(rows);
  else if (cell == CONV) convForward(rows, keep);
  else attentionForward(rows, keep);
}

/** Adds the gradients of one step of `count` windows, whose states after the step are at `next`. */
export function contextBackward(count: i32, next: usize, keep: usize): void {
  if (cell == WINDOW) windowBackward(count, next);
  else if (cell == CONV) convBackward(count, next, keep);
  else attentionBackward(count, next, keep);
}
