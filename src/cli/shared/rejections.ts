/** Counts rejections and prints them: the first few one by one, all of them by code at the end. */
import { errors, type ErrorCode } from "../../errors/errors.js";
import type { Rejection } from "../../pipeline/telemetry.js";
import { plainText } from "./text.js";

/** Number of rejections of one code that are printed one by one. */
const printed = 5;

/** Prints a note on the input, such as a detected delimiter, on standard error. */
export function printNotice(text: string): void {
  process.stderr.write(`note: ${plainText(text)}\n`);
}

export class Rejections {
  readonly #counts = new Map<ErrorCode, number>();
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Adds `count` rejections of one code. */
  add({ code, message, origin }: Rejection, count = 1): void {
    const before = this.#counts.get(code) ?? 0;
    const total = before + count;
    this.#counts.set(code, total);
    if (before >= printed) return;
    this.#print(`rejected ${plainText(origin)}: ${code}: ${plainText(message)}`);
    if (total >= printed) this.#print(`further rejections with ${code} are counted, not printed`);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Counts by code. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Prints the count and the next action of each code. */
  summarise(): void {
    for (const [code, count] of this.#counts) {
      this.#print(`rejected ${count.toLocaleString("en")} in total: ${code}. ${errors[code].action}`);
    }
  }
}
