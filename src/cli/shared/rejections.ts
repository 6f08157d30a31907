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
  readonly #print: (line: string, code: ErrorCode) => void;

  constructor(print: (line: string, code: ErrorCode) => void) {
    this.#print = print;
  }

  /** Adds `count` rejections of one code. */
  add({ code, message, origin }: Rejection, count = 1): void {
    const before = this.#counts.get(code) ?? 0;
    const total = before + count;
    this.#counts.set(code, total);
    if (before >= printed) return;
    this.#print(`${verbOf(code)} ${plainText(origin)}: ${code}: ${plainText(message)}`, code);
    if (total < printed) return;
    const further = code === "RECORD_SKIPPED" ? "skipped records" : `rejections with ${code}`;
    this.#print(`further ${further} are counted, not printed`, code);
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
      const line = `${verbOf(code)} ${count.toLocaleString("en")} in total: ${code}. ${errors[code].action}`;
      this.#print(line, code);
    }
  }
}

/** Records that the settings leave out are not refused. */
function verbOf(code: ErrorCode): string {
  return code === "RECORD_SKIPPED" ? "skipped" : "rejected";
}
