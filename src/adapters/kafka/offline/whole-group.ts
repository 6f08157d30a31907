/** Joins an empty consumer group as its only member, which owns every partition, for work on the state. */
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../../errors/errors.js";
import type { Assignment, Commit } from "../../../pipeline/ports.js";
import type { AdminClient } from "../admin-client.js";
import { withAdmin } from "../admin/admin.js";
import { describeWriters, stateWriters } from "../admin/groups.js";
import { topicIds } from "../admin/topic-ids.js";
import type { KafkaOptions } from "../options.js";
import type { PortsFor } from "../source/assignment.js";
import { openPorts } from "../source/ports.js";
import { checkPartitions, partitionWatermarks, type Watermarks } from "../admin/topics.js";

/** The resources of the group's only member. */
export interface WholeGroup {
  readonly admin: AdminClient;
  /** Id of the input topic; undefined where the brokers tell none. */
  readonly inputId: string | undefined;
  /** The input's partitions, by number. */
  readonly input: readonly Watermarks[];
  /** By partition. */
  readonly assignments: ReadonlyMap<number, Assignment>;
  commit(assignment: Assignment, commit: Commit): Promise<void>;
}

const pollPause = 200;

/**
 * Joins the group of a stopped application, passes all of its partitions to `use`, and leaves the group afterwards. An instance
 * that starts meanwhile takes partitions away, and commits to them fail with FENCED: a partition's commit lands whole or not at
 * all.
 *
 * Throws GROUP_ACTIVE if the group has members, or another group's members write the state topic; TOPIC_MISSING, TOPIC_MISMATCH
 * and BROKER_UNREACHABLE. Taking a partition over throws STATE_FOREIGN and TOPIC_RECREATED.
 *
 * @example
 * ```ts
 * await withWholeGroup(options, {}, async ({ assignments, commit }) => {
 *   for (const assignment of assignments.values()) await commit(assignment, change(await assignment.takeOver()));
 * });
 * ```
 */
export async function withWholeGroup<T>(
  options: KafkaOptions,
  purpose: PortsFor,
  use: (group: WholeGroup) => Promise<T>,
): Promise<T> {
  const { applicationId, topics } = options;
  return withAdmin(options, async (admin) => {
    const partitions = await checkPartitions(admin, topics);
    await refuseMembers(admin, applicationId, 0);
    await refuseWriters(admin, options);
    const ports = openPorts(options, purpose);
    const assignments = new Map<number, Assignment>();
    let failure: Error | undefined;
    const subscription = ports.source.assignments.subscribe({
      next: (assignment) => assignments.set(assignment.partition, assignment),
      error: (error: Error) => (failure = error),
    });
    try {
      while (assignments.size < partitions) {
        // Another member that joined in the same moment may own some or all partitions.
        await refuseMembers(admin, applicationId, 1);
        if (failure !== undefined) throw failure;
        await sleep(pollPause);
      }
      return await use({
        admin,
        inputId: (await topicIds(admin, [topics.input]))?.get(topics.input),
        input: await partitionWatermarks(admin, topics.input),
        assignments,
        commit: (assignment, commit) => ports.committer.commit(assignment, commit),
      });
    } finally {
      subscription.unsubscribe();
      await Promise.all([...assignments.values()].map((assignment) => assignment.release()));
      await ports.closed();
    }
  });
}

async function refuseMembers(admin: AdminClient, group: string, tolerated: number): Promise<void> {
  const { groups } = await admin.describeGroups([group]);
  const members = groups[0]?.members.length ?? 0;
  if (members <= tolerated) return;
  throw new UndercurrentError(
    "GROUP_ACTIVE",
    `the consumer group ${group} has ${members} member${members === 1 ? "" : "s"}`,
  );
}

async function refuseWriters(admin: AdminClient, { applicationId, topics }: KafkaOptions): Promise<void> {
  const [writers] = await stateWriters(admin, topics.state, applicationId);
  if (writers === undefined) return;
  throw new UndercurrentError(
    "GROUP_ACTIVE",
    `the state topic ${topics.state} is written by ${describeWriters(writers)}`,
  );
}
