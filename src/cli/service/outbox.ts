/**
 * Sends the messages of a worker thread to the main thread in bounded memory. While the main thread is busy, a few messages may
 * wait. Then rows of the page are counted, rejections are summed by code, and any other message replaces the previous one.
 */
import type { ErrorCode } from "../../errors/errors.js";
import type { UpdateReport } from "../../forecast/learning/schedule.js";
import type { Rejection } from "../../pipeline/telemetry.js";
import type { MemberStanding } from "./readiness.js";
import type { ModelRole, Report, ShownRows } from "./worker-messages.js";

/** Messages that wait to be taken before anything is held back. */
export const mostWaiting = 32;
/** Messages that wait before an update is held back: a long batch has many updates before its rows, which need room too. */
const mostBeforeUpdates = mostWaiting / 2;

export class Outbox {
  readonly #send: (report: Report) => void;
  readonly #dropped: (rows: number) => void;
  #waiting = 0;
  readonly #others: Record<ModelRole, number> = { live: 0, candidate: 0 };
  #update: UpdateReport | undefined;
  #standing: MemberStanding | undefined;
  readonly #rejections = new Map<ErrorCode, { readonly rejection: Rejection; readonly count: number }>();

  /** `send` passes a message to the main thread; `dropped` takes the number of rows that the page does not get. */
  constructor(send: (report: Report) => void, dropped: (rows: number) => void) {
    this.#send = send;
    this.#dropped = dropped;
  }

  /** The rows themselves, or where too much waits no more than their number. */
  rows(rows: ShownRows, role: ModelRole): void {
    if (this.#waiting < mostWaiting && this.#others[role] === 0) {
      this.#say({ type: "rows", role, rows });
      return;
    }
    this.#others[role] += rows.count + rows.others;
    this.#dropped(rows.count);
    this.#flush();
  }

  rejection(rejection: Rejection): void {
    const held = this.#rejections.get(rejection.code);
    // The first rejection represents all of its code.
    this.#rejections.set(rejection.code, {
      rejection: held?.rejection ?? rejection,
      count: (held?.count ?? 0) + 1,
    });
    this.#flush();
  }

  update(update: UpdateReport): void {
    this.#update = update;
    this.#flush();
  }

  standing(standing: MemberStanding): void {
    this.#standing = standing;
    this.#flush();
  }

  /** The main thread has taken a message. */
  taken(): void {
    this.#waiting--;
    this.#flush();
  }

  /** Sends everything that is held back, which is little. For the end, when nobody answers any more. */
  close(): void {
    for (let report = this.#next(true); report !== undefined; report = this.#next(true)) this.#say(report);
  }

  #flush(): void {
    while (this.#waiting < mostWaiting) {
      const report = this.#next(this.#waiting < mostBeforeUpdates);
      if (report === undefined) return;
      this.#say(report);
    }
  }

  #say(report: Report): void {
    this.#waiting++;
    this.#send(report);
  }

  /** Removes and returns the next message, of updates only `withUpdates`. */
  #next(withUpdates: boolean): Report | undefined {
    const { value: first } = this.#rejections.entries().next();
    if (this.#standing !== undefined) {
      const standing = this.#standing;
      this.#standing = undefined;
      return { type: "standing", standing };
    }
    if (first !== undefined) {
      const [code, { rejection, count }] = first;
      this.#rejections.delete(code);
      return { type: "rejections", rejection, count };
    }
    for (const role of ["live", "candidate"] as const) {
      const count = this.#others[role];
      if (count === 0) continue;
      this.#others[role] = 0;
      return { type: "others", role, count };
    }
    if (withUpdates && this.#update !== undefined) {
      const update = this.#update;
      this.#update = undefined;
      return { type: "update", update };
    }
    return undefined;
  }
}
