/** What a scenario must lead to: its log after one run that nothing disturbed. */
import { isDeepStrictEqual } from "node:util";
import { lastValueFrom } from "rxjs";
import { run } from "../../src/pipeline/run.js";
import { calm, Group } from "./group.js";
import { TransactionalLog, type Visible } from "./log.js";
import type { Scenario } from "./scenario.js";
import { settle } from "./scheduler.js";

/** The scenario's log after one run by one instance, with nothing going wrong. */
export async function uninterrupted({ feed, partitions, options }: Scenario): Promise<TransactionalLog> {
  const log = new TransactionalLog(partitions);
  for (const append of feed) append(log);
  const member = new Group(log, calm).join("oracle");
  const stop = new AbortController();
  const running = run(member.source, member.committer, { ...options, stop: stop.signal });
  const ended = lastValueFrom(running, { defaultValue: undefined });
  for (let partition = 0; partition < partitions; partition++) {
    const last = log.input(partition).at(-1)!.offset;
    while ((log.committed(partition) ?? -1) <= last) await settle();
  }
  stop.abort();
  await ended;
  return log;
}

/** Says where what readers see is not what it should be; undefined where it is the same to the byte. */
export function firstDifference(actual: Visible, expected: Visible): string | undefined {
  for (const part of ["forecasts", "deadLetters", "routed"] as const) {
    const count = Math.max(actual[part].length, expected[part].length);
    for (let i = 0; i < count; i++) {
      if (isDeepStrictEqual(actual[part][i], expected[part][i])) continue;
      return `${part}[${i}] of ${actual[part].length} (${expected[part].length} expected) differs`;
    }
  }
  return undefined;
}
