/**
 * Assigns partitions in a consumer group. A member gets the same partition numbers of an input and of its state topic, so that
 * one consumer can restore a partition's state and then read its input. A member keeps as many of its partitions as an even
 * share allows, so that a rebalance restores few of them.
 */
import kafkajs, { type PartitionAssigner } from "kafkajs";
import type { GroupAssigner } from "../platformatic/classic-group.js";
import { assignerName, sameTopics, subscribedTopics } from "./subscriptions.js";

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
const version = 1;

/** A member and the partitions that it works on as the group is rebalanced. */
export interface Claim {
  readonly member: string;
  readonly partitions: readonly number[];
}

/**
 * Shares the partitions 0 .. count-1: every member gets count/members of them, give or take one, and keeps as many of
 * those it claims as its share allows. A partition that two claim goes to the first by name. The same claims, in
 * whatever order, give the same result.
 *
 * @example
 * ```ts
 * sharePartitions([{ member: "a", partitions: [0, 1, 2] }, { member: "b", partitions: [] }], 3);
 * // Map { "a" => [0, 1], "b" => [2] }
 * ```
 */
export function sharePartitions(claims: readonly Claim[], count: number): Map<string, number[]> {
  const members = [...claims].sort((a, b) => (a.member < b.member ? -1 : 1));
  const share = Math.floor(count / members.length);
  let larger = count % members.length;
  const free = new Set(Array.from({ length: count }, (_, partition) => partition));
  const result = new Map<string, number[]>();
  // A member with more than the even share keeps one of the larger shares, while there are any.
  const byClaims = [...members].sort((a, b) => b.partitions.length - a.partitions.length);
  const shares = new Map<string, number>();
  for (const { member } of byClaims) shares.set(member, larger-- > 0 ? share + 1 : share);
  for (const { member, partitions } of members) {
    const kept: number[] = [];
    for (const partition of [...partitions].sort((a, b) => a - b)) {
      if (kept.length < shares.get(member)! && free.delete(partition)) kept.push(partition);
    }
    result.set(member, kept);
  }
  const rest = free.values();
  for (const { member } of members) {
    const own = result.get(member)!;
    while (own.length < shares.get(member)!) own.push(rest.next().value!);
    own.sort((a, b) => a - b);
  }
  return result;
}

/** Partitions by input topic. */
export type OwnedPartitions = ReadonlyMap<string, readonly number[]>;

/** Topics of the partitions of one input: the input and its state. */
export interface CoPartitioned {
  readonly input: string;
  readonly state?: string;
}

/** Partitions of one input are a list, those of several are lists by topic. */
function encodeClaim(owned: OwnedPartitions, isSeveral: boolean): Buffer {
  const claim = isSeveral ? Object.fromEntries(owned) : ([...owned.values()][0] ?? []);
  return Buffer.from(JSON.stringify(claim));
}

/** Metadata of another release, or none, count as no claim. */
function decodeClaim(userData: Buffer | null, inputs: readonly string[]): OwnedPartitions {
  try {
    const claim = JSON.parse(String(userData)) as unknown;
    const lists = (Array.isArray(claim) ? { [inputs[0]!]: claim as unknown } : claim) as object | null;
    const listOf = (input: string): readonly unknown[] => {
      const list = (lists as Readonly<Record<string, unknown>> | null)?.[input];
      return Array.isArray(list) ? (list as unknown[]) : [];
    };
    return new Map(
      inputs.map((input) => [
        input,
        listOf(input).filter((partition): partition is number => Number.isInteger(partition)),
      ]),
    );
  } catch {
    return new Map();
  }
}

/**
 * The assigner of a group that reads these inputs with their states. The topics of one input have the same number of partitions. All
 * partitions of all inputs are shared together. A member that reads other topics gets none: it is of another configuration,
 * see `groups.ts`, or has not heard of a new topic of a pattern yet.
 *
 * @param owned the partitions that this member works on now
 * @param isSeveral whether claims name their topics
 */
export function coPartitionAssigner(
  inputs: readonly CoPartitioned[],
  owned: () => OwnedPartitions,
  isSeveral = inputs.length > 1,
): PartitionAssigner {
  const { subscription, assign } = assignerOf(inputs, owned, isSeveral);
  return ({ cluster }) => ({
    name: assignerName,
    version,
    protocol: () => ({ name: assignerName, metadata: subscription() }),
    // The client declares a promise and awaits one; there is nothing to wait for here.
    assign: ({ members }) =>
      Promise.resolve(assign(members, (topic) => cluster.findTopicPartitionMetadata(topic).length)),
  });
}

/** The same for a client that leaves encoding to the assigner. */
export function assignerOf(
  inputs: readonly CoPartitioned[],
  owned: () => OwnedPartitions,
  isSeveral: boolean,
): GroupAssigner {
  const topics = inputs.flatMap(({ input, state }) => (state === undefined ? [input] : [input, state]));
  const names = inputs.map(({ input }) => input);
  return {
    name: assignerName,
    subscription: () => MemberMetadata.encode({ version, topics, userData: encodeClaim(owned(), isSeveral) }),
    assign: (members, countOf) => {
      // All partitions in a row: the number of an input's first one, and how many there are.
      let total = 0;
      const ranges = inputs.map(({ input, state }) => {
        const count = Math.min(countOf(input), countOf(state ?? input));
        const range = { input, state, first: total, count };
        total += range.count;
        return range;
      });
      const claims = members
        .filter(({ memberMetadata }) => sameTopics(subscribedTopics(memberMetadata), topics))
        .map(({ memberId, memberMetadata }) => {
          const { userData = null } = MemberMetadata.decode(memberMetadata) ?? {};
          const claimed = decodeClaim(userData, names);
          const partitions = ranges.flatMap(({ input, first, count }) =>
            (claimed.get(input) ?? [])
              .filter((partition) => partition < count)
              .map((partition) => first + partition),
          );
          return { member: memberId, partitions };
        });
      const shares = sharePartitions(claims, total);
      return members.map(({ memberId }) => {
        const share = shares.get(memberId);
        const assignment: Record<string, number[]> = {};
        for (const { input, state, first, count } of share === undefined ? [] : ranges) {
          const partitions = share!
            .filter((place) => place >= first && place < first + count)
            .map((place) => place - first);
          assignment[input] = partitions;
          if (state !== undefined) assignment[state] = partitions;
        }
        return {
          memberId,
          memberAssignment: MemberAssignment.encode({ version, assignment, userData: Buffer.alloc(0) }),
        };
      });
    },
  };
}
