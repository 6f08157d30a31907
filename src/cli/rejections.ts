/** Counts what was refused and says so: the first few one by one, all of them by code at the end. */
import { errors, type ErrorCode } from "../errors.js";
import type { Rejection } from "../pipeline/telemetry.js";
import { plainText } from "./text.js";

/** Rejections of one code that are printed one by one. */
const printed = 5;

export class Rejections {
  readonly #counts = new Map<ErrorCode, number>();
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  add({ code, message, origin }: Rejection): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count <= printed) this.#print(`rejected ${plainText(origin)}: ${code}: ${plainText(message)}`);
    if (count === printed) this.#print(`further ${code} are counted, not printed`);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Counts by code. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Prints the count of each code, and what to do about it. */
  summarise(): void {
    for (const [code, count] of this.#counts) {
      this.#print(`rejected ${count.toLocaleString("en")} in all: ${code}. ${errors[code].action}`);
    }
  }
}
