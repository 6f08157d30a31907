/** What a scenario must lead to: its log after one run that nothing disturbed. */
import { isDeepStrictEqual } from "node:util";
import { lastValueFrom, map } from "rxjs";
import { feedbackMessage, readFeedback, type AppliedFeedback } from "../../src/pipeline/state/feedback.js";
import type { Assignment, Committer } from "../../src/pipeline/ports.js";
import { run, type RunOptions } from "../../src/pipeline/run.js";
import { compareSettings } from "../../src/forecast/snapshot/signature.js";
import { readPromotion } from "../../src/pipeline/state/promotion.js";
import { calm, Group, type Member } from "./group.js";
import { TransactionalLog, type AppliedPromotion, type Visible } from "./log.js";
import { modelsOf, type Scenario } from "./scenario.js";
import { settle } from "./scheduler.js";

/** A record of feedback or of a promotion, before the input of an offset. */
interface Heard {
  readonly at: number;
  readonly text: string;
}

/** What a disturbed run has applied. */
type Applied = Pick<TransactionalLog, "applied" | "promotions">;

/** What a partition's owner hears, in order. */
function heardBy({ applied, promotions }: Applied, partition: number): readonly Heard[] {
  const feedback = applied(partition).map(({ at, key, kind, until }) => ({
    ...{ at, text: feedbackMessage("ack", "", { key, kind, until }) },
  }));
  const commands = promotions(partition).map(({ at, settings }) => ({
    ...{ at, text: JSON.stringify({ command: "promote", given: null, force: true, model: settings }) },
  }));
  return [...feedback, ...commands].sort((a, b) => a.at - b.at);
}

/**
 * The scenario's log after one run by one instance, with nothing going wrong. Feedback and promotions come when the disturbed run
 * has applied them: their time is chance, their effect is not.
 */
export async function uninterrupted(
  { feed, partitions, topics, options }: Scenario,
  applied: Applied = { applied: () => [], promotions: () => [] },
  pipeline = run,
): Promise<TransactionalLog> {
  const log = new TransactionalLog(partitions, topics);
  for (const append of feed) append(log);
  const member = new Group(log, calm).join("oracle");
  const stop = new AbortController();
  const timed = {
    assignments: member.source.assignments.pipe(map((one) => heard(one, heardBy(applied, log.indexOf(one))))),
  };
  const running = pipeline(timed, committerOf(member), { ...options, stop: stop.signal });
  const ended = lastValueFrom(running, { defaultValue: undefined });
  for (let partition = 0; partition < partitions; partition++) {
    const last = log.input(partition).at(-1)!.offset;
    while ((log.committed(partition) ?? -1) <= last) await settle();
    // One of them may be behind the last record.
    const { length } = applied.promotions(partition);
    for (let turns = 0; log.promotions(partition).length < length && turns < 1000; turns++) await settle();
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

/** An assignment whose feedback and commands are read exactly before the records of their offsets. */
function heard(inner: Assignment, all: readonly Heard[]): Assignment {
  const waiting = [...all];
  const queue: Heard[] = [];
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
        if (batch.nextOffset < batch.endOffset) continue;
        queue.push(...waiting.splice(0));
        for (const wake of wakers.splice(0)) wake();
      }
    },
    async *readFeedback(_, stop) {
      stop.addEventListener("abort", () => wakers.splice(0).forEach((wake) => wake()));
      while (!stop.aborted) {
        const records = queue.splice(0).map(({ at, text }) => ({
          ...{ offset: offset++, key: null, headers: [], timestamp: at, value: Buffer.from(text) },
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
  const texts = said.flatMap((value) => {
    const feedback = readFeedback(value);
    return feedback === undefined ? [] : [JSON.stringify(feedback)];
  });
  const wrong = applied.findIndex(
    ({ key, kind, until }, i) => JSON.stringify({ key, kind, until }) !== texts[i],
  );
  return wrong < 0 ? undefined : `feedback ${wrong} of ${applied.length} applied is another than was said`;
}

/** Says where the promotions that commits applied are not those of the commands, once and in order; undefined where they are. */
export function wrongPromotion(
  said: readonly Uint8Array[],
  applied: readonly AppliedPromotion[],
  options: RunOptions,
): string | undefined {
  const [model, candidate] = modelsOf(options);
  let live = model!;
  const expected = said.flatMap((value) => {
    const promotion = readPromotion(value);
    const named = [model!, candidate!].find(
      (one) => promotion !== undefined && compareSettings(promotion.settings, one) === "same",
    );
    if (options.candidate === undefined || named === undefined || named === live) return [];
    return [(live = named)];
  });
  const wrong = applied.findIndex(
    ({ settings }, i) => expected[i] === undefined || compareSettings(settings, expected[i]) !== "same",
  );
  return wrong < 0 ? undefined : `promotion ${wrong} of ${applied.length} is another than was commanded`;
}

const parts = [
  "forecasts",
  "incidents",
  "candidates",
  "candidateIncidents",
  "deadLetters",
  "routed",
] as const satisfies (keyof Visible)[];

/** Says where what readers see is not what it should be; undefined where it is the same to the byte. */
export function firstDifference(actual: Visible, expected: Visible): string | undefined {
  for (const part of parts) {
    const count = Math.max(actual[part].length, expected[part].length);
    for (let i = 0; i < count; i++) {
      if (isDeepStrictEqual(actual[part][i], expected[part][i])) continue;
      return `${part}[${i}] of ${actual[part].length} (${expected[part].length} expected) differs`;
    }
  }
  return undefined;
}
