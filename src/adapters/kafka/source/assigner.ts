/**
 * Assigns partitions in a consumer group. A member gets the same partition numbers of the input and of the state topic, so that
 * one consumer can restore a partition's state and then read its input. A member keeps as many of its partitions as an even
 * share allows, so that a rebalance restores few of them.
 */
import kafkajs, { type PartitionAssigner } from "kafkajs";
import { assignerName, sameTopics, subscribedTopics } from "../kafkajs/subscriptions.js";

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

function encodeClaim(partitions: readonly number[]): Buffer {
  return Buffer.from(JSON.stringify(partitions));
}

/** Metadata of another release, or none, count as no claim. */
function decodeClaim(userData: Buffer | null): number[] {
  try {
    const claim: unknown = JSON.parse(String(userData));
    if (!Array.isArray(claim)) return [];
    return claim.filter((partition): partition is number => Number.isInteger(partition));
  } catch {
    return [];
  }
}

/**
 * The assigner of a group that reads these topics, which have the same number of partitions. A member that reads others
 * gets none: it is of another configuration, see `groups.ts`.
 *
 * @param owned the partitions that this member works on now
 */
export function coPartitionAssigner(
  topics: readonly string[],
  owned: () => readonly number[],
): PartitionAssigner {
  return ({ cluster }) => ({
    name: assignerName,
    version,
    protocol: () => ({
      name: assignerName,
      metadata: MemberMetadata.encode({ version, topics: [...topics], userData: encodeClaim(owned()) }),
    }),
    // The client declares a promise and awaits one; there is nothing to wait for here.
    assign: ({ members }) => {
      const count = Math.min(...topics.map((topic) => cluster.findTopicPartitionMetadata(topic).length));
      const claims = members
        .filter(({ memberMetadata }) => sameTopics(subscribedTopics(memberMetadata), topics))
        .map(({ memberId, memberMetadata }) => ({
          member: memberId,
          partitions: decodeClaim(MemberMetadata.decode(memberMetadata)?.userData ?? null),
        }));
      const shares = sharePartitions(claims, count);
      return Promise.resolve(
        members.map(({ memberId }) => {
          const partitions = shares.get(memberId);
          const assignment = partitions && Object.fromEntries(topics.map((topic) => [topic, partitions]));
          return {
            memberId,
            memberAssignment: MemberAssignment.encode({
              version,
              assignment: assignment ?? {},
              userData: Buffer.alloc(0),
            }),
          };
        }),
      );
    },
  });
}
