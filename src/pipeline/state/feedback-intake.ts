/** Reads the feedback on a partition's incidents beside its input, and holds it until the next commit takes it. */
import { readFeedback, type Feedback } from "./feedback.js";
import type { Assignment } from "../ports.js";

/** Feedback that was read, and the offset behind it. */
export interface TakenFeedback {
  readonly entries: readonly Feedback[];
  readonly next: number;
}

export class FeedbackIntake {
  readonly #assignment: Assignment;
  #entries: Feedback[] = [];
  #next: number | undefined;

  /** @param from Offset at which reading begins; the first of the topic without. */
  constructor(assignment: Assignment, from: number | undefined) {
    this.#assignment = assignment;
    this.#next = from;
  }

  /** Reads until the signal is aborted. Rejects as the source does. */
  async run(signal: AbortSignal): Promise<void> {
    const batches = this.#assignment.readFeedback?.(this.#next, signal);
    if (batches === undefined) return;
    for await (const { records, nextOffset } of batches) {
      for (const { value } of records) {
        const feedback = readFeedback(value);
        if (feedback !== undefined) this.#entries.push(feedback);
      }
      this.#next = nextOffset;
    }
  }

  /** Takes what was read so far; undefined if nothing was. */
  take(): TakenFeedback | undefined {
    if (this.#next === undefined) return undefined;
    const entries = this.#entries;
    this.#entries = [];
    return { entries, next: this.#next };
  }
}
