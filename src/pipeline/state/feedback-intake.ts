/** Reads feedback and commands for a partition beside its input, and holds them until the next commit takes them. */
import { feedbackOf, fieldsOf, type Feedback } from "./feedback.js";
import { movedTo, nextIn, type FeedbackPosition } from "./feedback-position.js";
import { promotionOf, type Promotion } from "./promotion.js";
import type { Assignment } from "../ports.js";

/** What was read, and the position behind it. */
export interface TakenFeedback {
  readonly entries: readonly Feedback[];
  readonly promotions: readonly Promotion[];
  readonly position: FeedbackPosition;
}

export class FeedbackIntake {
  readonly #assignment: Assignment;
  readonly #onPromotion: () => void;
  readonly #commandsFrom: number;
  #entries: Feedback[] = [];
  #promotions: Promotion[] = [];
  /** Of the state, which may name other topics alone. */
  readonly #before: FeedbackPosition | undefined;
  #position: FeedbackPosition | undefined;

  /**
   * @param position Where reading begins; with the first record of a topic that it does not name.
   * @param onPromotion Called when a promotion waits to be taken.
   */
  constructor(
    assignment: Assignment,
    position: FeedbackPosition | undefined,
    onPromotion: () => void = () => undefined,
  ) {
    const { feedbackTopic: topic } = assignment;
    const next = nextIn(position, topic);
    this.#assignment = assignment;
    this.#before = position;
    this.#position = next === undefined ? undefined : movedTo(position, topic, next);
    this.#commandsFrom = this.#position?.commandsFrom ?? 0;
    this.#onPromotion = onPromotion;
  }

  /** Reads until the signal is aborted. Rejects as the source does. */
  async run(signal: AbortSignal): Promise<void> {
    const batches = this.#assignment.readFeedback?.(this.#position?.next, signal);
    if (batches === undefined) return;
    for await (const { records, nextOffset } of batches) {
      for (const { offset, value } of records) {
        const fields = fieldsOf(value);
        const feedback = feedbackOf(fields);
        if (feedback !== undefined) this.#entries.push(feedback);
        const promotion = offset < this.#commandsFrom ? undefined : promotionOf(fields);
        if (promotion !== undefined) this.#promotions.push(promotion);
      }
      this.#position = movedTo(this.#position ?? this.#before, this.#assignment.feedbackTopic, nextOffset);
      if (this.#promotions.length > 0) this.#onPromotion();
    }
  }

  /** Whether a promotion waits. */
  get hasPromotion(): boolean {
    return this.#promotions.length > 0;
  }

  /** Takes what was read so far; undefined if nothing was. */
  take(): TakenFeedback | undefined {
    if (this.#position === undefined) return undefined;
    const [entries, promotions] = [this.#entries, this.#promotions];
    this.#entries = [];
    this.#promotions = [];
    return { entries, promotions, position: this.#position };
  }
}
