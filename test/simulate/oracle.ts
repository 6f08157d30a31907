/** What a scenario must lead to: its log after one run that nothing disturbed. */
import { isDeepStrictEqual } from "node:util";
import { lastValueFrom, map } from "rxjs";
import { feedbackMessage, readFeedback, type AppliedFeedback } from "../../src/pipeline/state/feedback.js";
import type { Assignment, Committer } from "../../src/pipeline/ports.js";
import { run } from "../../src/pipeline/run.js";
import { calm, Group, type Member } from "./group.js";
import { TransactionalLog, type Visible } from "./log.js";
import type { Scenario } from "./scenario.js";
import { settle } from "./scheduler.js";

/** Feedback by partition, with the input offset before which it was applied. */
export type FeedbackAt = (partition: number) => readonly AppliedFeedback[];

/**
 * The scenario's log after one run by one instance, with nothing going wrong. Feedback comes when the disturbed run has
 * applied it: its time is chance, its effect is not.
 */
export async function uninterrupted(
  { feed, partitions, topics, options }: Scenario,
  feedbackAt: FeedbackAt = () => [],
  pipeline = run,
): Promise<TransactionalLog> {
  const log = new TransactionalLog(partitions, topics);
  for (const append of feed) append(log);
  const member = new Group(log, calm).join("oracle");
  const stop = new AbortController();
  const timed = {
    assignments: member.source.assignments.pipe(map((one) => heard(one, feedbackAt(log.indexOf(one))))),
  };
  const running = pipeline(timed, committerOf(member), { ...options, stop: stop.signal });
  const ended = lastValueFrom(running, { defaultValue: undefined });
  for (let partition = 0; partition < partitions; partition++) {
    const last = log.input(partition).at(-1)!.offset;
    while ((log.committed(partition) ?? -1) <= last) await settle();
  }
  stop.abort();
  await ended;
  return log;
}

/** The assignment that an assignment of the oracle stands for. */
const originals = new WeakMap<Assignment, Assignment>();

function committerOf({ committer }: Member): Committer {
  return {
    commit: (assignment, commit) => committer.commit(originals.get(assignment) ?? assignment, commit),
  };
}

/** An assignment whose feedback is read exactly before the records of its offset. */
function heard(inner: Assignment, feedback: readonly AppliedFeedback[]): Assignment {
  const waiting = [...feedback];
  const queue: AppliedFeedback[] = [];
  const wakers: (() => void)[] = [];
  let offset = 0;
  const outer: Assignment = {
    topic: inner.topic,
    partition: inner.partition,
    revoked: inner.revoked,
    takeOver: () => inner.takeOver(),
    release: () => inner.release(),
    async *read(from, stop) {
      for await (const batch of inner.read(from, stop)) {
        for (const record of batch.records) {
          const due = waiting.findIndex(({ at }) => at > record.offset);
          queue.push(...waiting.splice(0, due < 0 ? waiting.length : due));
          for (const wake of wakers.splice(0)) wake();
          await settle();
          yield { ...batch, records: [record], nextOffset: record.offset + 1 };
        }
        yield { ...batch, records: [] };
      }
    },
    async *readFeedback(_, stop) {
      stop.addEventListener("abort", () => wakers.splice(0).forEach((wake) => wake()));
      while (!stop.aborted) {
        const records = queue.splice(0).map(({ at, key, kind, until }) => ({
          ...{ offset: offset++, key: null, headers: [], timestamp: at },
          value: Buffer.from(feedbackMessage("ack", "", { key, kind, until })),
        }));
        if (records.length > 0) yield { records, nextOffset: offset, endOffset: offset };
        else {
          await new Promise<void>((resolve) => wakers.push(resolve));
        }
      }
    },
  };
  originals.set(outer, inner);
  return outer;
}

/** Says where the feedback that commits applied is not what was said, once and in order; undefined where it is. */
export function wrongFeedback(
  said: readonly Uint8Array[],
  applied: readonly AppliedFeedback[],
): string | undefined {
  const texts = said.map((value) => JSON.stringify(readFeedback(value)));
  const wrong = applied.findIndex(
    ({ key, kind, until }, i) => JSON.stringify({ key, kind, until }) !== texts[i],
  );
  return wrong < 0 ? undefined : `feedback ${wrong} of ${applied.length} applied is another than was said`;
}

/** Says where what readers see is not what it should be; undefined where it is the same to the byte. */
export function firstDifference(actual: Visible, expected: Visible): string | undefined {
  for (const part of ["forecasts", "incidents", "candidates", "deadLetters", "routed"] as const) {
    const count = Math.max(actual[part].length, expected[part].length);
    for (let i = 0; i < count; i++) {
      if (isDeepStrictEqual(actual[part][i], expected[part][i])) continue;
      return `${part}[${i}] of ${actual[part].length} (${expected[part].length} expected) differs`;
    }
  }
  return undefined;
}
