/** Loads the part of the kernel that writes numbers and times as text. Only programs that write records load it. */
import { text } from "#kernel/text";
import { instantiateText, type Global } from "./kernel.js";

/** What src/kernel/text/text.ts exports. */
export interface TextKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(): number;
  reserve(end: number): number;
  integer(piece: number, value: number, at: number): number;
  long(piece: number, value: number, at: number): number;
  number(piece: number, value: number, at: number): number;
  time(piece: number, milliseconds: number, at: number): number;
  readonly powers: Global;
  readonly pieces: Global;
}

/** Makes an instance of the writer of numbers and times as text. Throws like `instantiateKernel`. */
export function instantiateTextKernel(): TextKernel {
  return instantiateText(text) as TextKernel;
}
