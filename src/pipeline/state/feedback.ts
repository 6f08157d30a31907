/**
 * Feedback on incidents: a record of the incidents topic, or of a topic of its own, that says that incidents of a kind are fine for a key until an event
 * time. What a task has applied is part of its state, so that a replay applies it before the same record.
 */
import type { Forecaster } from "../../forecast/forecaster.js";
import { incidentKinds, type IncidentKind } from "../../forecast/incidents/kinds.js";
import { parseIsoTime } from "../../forecast/iso-time.js";
import type { InputRecord } from "../ports.js";
import type { FeedbackPosition } from "./feedback-position.js";

/** What users say of an incident: seen, to be expected, or no fault at all. All have the same effect, for a time of their own. */
export const verdicts = ["ack", "expected", "wrong"] as const;
export type Verdict = (typeof verdicts)[number];

export interface Feedback {
  /** The key, or the group where the kind is `group`. */
  readonly key: string;
  readonly kind: IncidentKind | "group";
  /** Epoch milliseconds of event time, before which no incident of the kind is told. */
  readonly until: number;
}

/** Feedback that was applied before the input record of an offset. */
export interface AppliedFeedback extends Feedback {
  readonly at: number;
}

/** What of the feedback is part of a state. */
export interface FeedbackState extends FeedbackPosition {
  /** What was applied since the snapshot, in order. */
  readonly applied: readonly AppliedFeedback[];
}

/** Returns the value of a record of feedback. `id` names the incident that it is about. */
export function feedbackMessage(verdict: Verdict, id: string, { key, kind, until }: Feedback): string {
  return JSON.stringify({ feedback: verdict, id, key, kind, until: new Date(until).toISOString() });
}

/** Returns the fields of a record that is a JSON object; none of any other content. */
export function fieldsOf(value: Uint8Array | null): Readonly<Record<string, unknown>> {
  try {
    const message: unknown = JSON.parse(Buffer.from(value ?? []).toString());
    return typeof message === "object" && message !== null ? (message as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Reads a record of feedback; undefined for any other content, such as a change of an incident. */
export function readFeedback(value: Uint8Array | null): Feedback | undefined {
  return feedbackOf(fieldsOf(value));
}

/** Reads the fields of a record of feedback; undefined for those of any other content. */
export function feedbackOf(message: ReturnType<typeof fieldsOf>): Feedback | undefined {
  if (typeof message["feedback"] !== "string") return undefined;
  const { key, kind } = message;
  const until = typeof message["until"] === "string" ? parseIsoTime(message["until"]) : NaN;
  const isKnown = kind === "group" || incidentKinds.includes(kind as IncidentKind);
  if (typeof key !== "string" || !isKnown || Number.isNaN(until)) return undefined;
  return { key, kind: kind as Feedback["kind"], until };
}

/** Applies feedback to a forecaster. A key or group without a state takes no notice. */
export function applyFeedback(forecaster: Forecaster, { key, kind, until }: Feedback): void {
  if (kind === "group") forecaster.expectGroupIncidents(key, until);
  else if (forecaster.has(key)) forecaster.expectIncidents(forecaster.slotOf(key), kind, until);
}

/** Feedback in the order of the records before which it holds, as it is applied again by a replay. */
export class FeedbackReplay {
  readonly #applied: readonly AppliedFeedback[];
  #next = 0;

  constructor(applied: readonly AppliedFeedback[] = []) {
    this.#applied = applied;
  }

  /** The offset before which the next feedback holds; Infinity without any. */
  get next(): number {
    return this.#applied[this.#next]?.at ?? Infinity;
  }

  /** Splits records at the feedback among them: first what holds before the records, then these. */
  *parts(
    records: readonly InputRecord[],
  ): Generator<{ readonly due: readonly AppliedFeedback[]; readonly records: readonly InputRecord[] }> {
    let begin = 0;
    while (begin < records.length) {
      const due: AppliedFeedback[] = [];
      const { offset } = records[begin]!;
      while (this.#next < this.#applied.length && this.#applied[this.#next]!.at <= offset) {
        due.push(this.#applied[this.#next++]!);
      }
      const following = this.#applied[this.#next]?.at ?? Infinity;
      let end = begin + 1;
      while (end < records.length && records[end]!.offset < following) end++;
      yield { due, records: records.slice(begin, end) };
      begin = end;
    }
  }

  /** What holds before records that have not come yet, up to an offset. */
  rest(offset: number): readonly AppliedFeedback[] {
    const begin = this.#next;
    while (this.#next < this.#applied.length && this.#applied[this.#next]!.at <= offset) this.#next++;
    return this.#applied.slice(begin, this.#next);
  }
}
