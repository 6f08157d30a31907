/** Reads feedback and commands for a partition beside its input, and holds them until the next commit takes them. */
import { feedbackOf, fieldsOf, type Feedback } from "./feedback.js";
import { promotionOf, type Promotion } from "./promotion.js";
import type { Assignment } from "../ports.js";

/** What was read, and the offset behind it. */
export interface TakenFeedback {
  readonly entries: readonly Feedback[];
  readonly promotions: readonly Promotion[];
  readonly next: number;
}

export class FeedbackIntake {
  readonly #assignment: Assignment;
  readonly #onPromotion: () => void;
  #entries: Feedback[] = [];
  #promotions: Promotion[] = [];
  #next: number | undefined;

  /**
   * @param from Offset at which reading begins; the first of the topic without.
   * @param onPromotion Called when a promotion waits to be taken.
   */
  constructor(assignment: Assignment, from: number | undefined, onPromotion: () => void = () => undefined) {
    this.#assignment = assignment;
    this.#next = from;
    this.#onPromotion = onPromotion;
  }

  /** Reads until the signal is aborted. Rejects as the source does. */
  async run(signal: AbortSignal): Promise<void> {
    const batches = this.#assignment.readFeedback?.(this.#next, signal);
    if (batches === undefined) return;
    for await (const { records, nextOffset } of batches) {
      for (const { value } of records) {
        const fields = fieldsOf(value);
        const feedback = feedbackOf(fields);
        if (feedback !== undefined) this.#entries.push(feedback);
        const promotion = promotionOf(fields);
        if (promotion !== undefined) this.#promotions.push(promotion);
      }
      this.#next = nextOffset;
      if (this.#promotions.length > 0) this.#onPromotion();
    }
  }

  /** Whether a promotion waits. */
  get hasPromotion(): boolean {
    return this.#promotions.length > 0;
  }

  /** Takes what was read so far; undefined if nothing was. */
  take(): TakenFeedback | undefined {
    if (this.#next === undefined) return undefined;
    const [entries, promotions] = [this.#entries, this.#promotions];
    this.#entries = [];
    this.#promotions = [];
    return { entries, promotions, next: this.#next };
  }
}
