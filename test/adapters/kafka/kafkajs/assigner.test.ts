import fc from "fast-check";
import kafkajs, { type PartitionAssigner } from "kafkajs";
import { describe, expect, test } from "vitest";
import {
  coPartitionAssigner,
  sharePartitions,
  type Claim,
} from "../../../../src/adapters/kafka/kafkajs/assigner.js";

/** Claims of members whose names differ, on partitions that may be claimed twice or not exist. */
const claimsArbitrary: fc.Arbitrary<Claim[]> = fc.uniqueArray(
  fc.record({ member: fc.string({ maxLength: 4 }), partitions: fc.array(fc.integer({ min: -1, max: 14 })) }),
  { minLength: 1, maxLength: 6, selector: ({ member }) => member },
);
const countArbitrary = fc.integer({ min: 1, max: 12 });

describe("the share of partitions", () => {
  test("gives each partition to one member, and the members as many, give or take one", () => {
    fc.assert(
      fc.property(claimsArbitrary, countArbitrary, (claims, count) => {
        const shares = [...sharePartitions(claims, count).values()];
        expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        const sizes = shares.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("is the same in whatever order the claims come", () => {
    fc.assert(
      fc.property(claimsArbitrary, countArbitrary, (claims, count) => {
        const one = sharePartitions(claims, count);
        const other = sharePartitions([...claims].reverse(), count);
        for (const { member } of claims) expect(other.get(member)).toEqual(one.get(member));
      }),
    );
  });

  test("moves nothing when the members are the same as before, and no more than it must when one comes or goes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), countArbitrary, fc.boolean(), (members, count, leaves) => {
        const names = Array.from({ length: members }, (_, i) => `m${i}`);
        const before = sharePartitions(
          names.map((member) => ({ member, partitions: [] })),
          count,
        );
        const claims = names.map((member) => ({ member, partitions: before.get(member)! }));
        expect(sharePartitions(claims, count)).toEqual(before);
        const next = leaves && members > 1 ? claims.slice(1) : [...claims, { member: "n", partitions: [] }];
        const after = sharePartitions(next, count);
        const kept = next.flatMap(({ member, partitions }) =>
          partitions.filter((partition) => after.get(member)!.includes(partition)),
        );
        // Whoever stays keeps what it had, or as much of it as its share allows.
        const possible = next.reduce(
          (sum, { member, partitions }) => sum + Math.min(partitions.length, after.get(member)!.length),
          0,
        );
        expect(kept).toHaveLength(possible);
      }),
    );
  });
});

describe("the assigner", () => {
  const cluster = { findTopicPartitionMetadata: () => Array.from({ length: 3 }) };
  const assignerOf = ([input, state]: readonly [string, string], owned: number[] = []) =>
    coPartitionAssigner(
      [{ input, state }],
      () => new Map([[input, owned]]),
    )({ cluster } as unknown as Parameters<PartitionAssigner>[0]);

  test("gives nothing to a member with other topics than its own, and the rest as if it were not there", async () => {
    const own = ["readings", "pumps-state"] as const;
    const other = ["pressures", "pumps-state"] as const;
    const metadataOf = (topics: readonly [string, string], owned: number[]): Buffer =>
      assignerOf(topics, owned).protocol({ topics: [...topics] }).metadata;
    const assigned = await assignerOf(own).assign({
      members: [
        { memberId: "a", memberMetadata: metadataOf(own, [2]) },
        { memberId: "b", memberMetadata: metadataOf(other, [0, 1, 2]) },
        { memberId: "c", memberMetadata: metadataOf(own, []) },
      ],
      topics: [...own],
    });
    const shares = assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)!.assignment,
    ]);
    const share = (...partitions: number[]) => ({ readings: partitions, "pumps-state": partitions });
    expect(Object.fromEntries(shares)).toEqual({ a: share(0, 2), b: {}, c: share(1) });
  });

  describe("of several input topics", () => {
    const inputs = ["a", "b", "c"].map((input) => ({ input, state: `${input}-state` }));
    const counts: Readonly<Record<string, number>> = { a: 1, b: 4, c: 1 };
    const several = {
      findTopicPartitionMetadata: (topic: string) => Array.from({ length: counts[topic[0]!]! }),
    };
    type Owned = ReadonlyMap<string, readonly number[]>;
    const assignerWith = (owned: Owned, of = inputs) =>
      coPartitionAssigner(
        of,
        () => owned,
      )({ cluster: several } as unknown as Parameters<PartitionAssigner>[0]);
    const share = async (
      members: Readonly<Record<string, Owned>>,
    ): Promise<Map<string, Map<string, number[]>>> => {
      const assigned = await assignerWith(new Map()).assign({
        members: Object.entries(members).map(([memberId, owned]) => ({
          memberId,
          memberMetadata: assignerWith(owned).protocol({ topics: [] }).metadata,
        })),
        topics: [],
      });
      return new Map(
        assigned.map(({ memberId, memberAssignment }) => {
          const { assignment } = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)!;
          for (const { input, state } of inputs) expect(assignment[state]).toEqual(assignment[input]);
          return [memberId, new Map(inputs.map(({ input }) => [input, assignment[input]!]))];
        }),
      );
    };
    const sizeOf = (owned: Owned): number => [...owned.values()].flat().length;

    test("shares the partitions of all topics together, each with its state, and moves none without need", async () => {
      const alone = await share({ m: new Map() });
      expect(alone.get("m")).toEqual(
        new Map([
          ["a", [0]],
          ["b", [0, 1, 2, 3]],
          ["c", [0]],
        ]),
      );
      const two = await share({ m: alone.get("m")!, n: new Map() });
      expect([...two.values()].map(sizeOf)).toEqual([3, 3]);
      for (const [topic, partitions] of two.get("m")!) {
        for (const partition of partitions) expect(alone.get("m")!.get(topic)).toContain(partition);
      }
      expect(await share(Object.fromEntries(two))).toEqual(two);
    });

    test("gives nothing to a member that has not heard of a topic yet", async () => {
      const { metadata } = assignerWith(new Map(), inputs.slice(0, 2)).protocol({ topics: [] });
      const assigned = await assignerWith(new Map()).assign({
        members: [
          { memberId: "late", memberMetadata: metadata },
          { memberId: "m", memberMetadata: assignerWith(new Map()).protocol({ topics: [] }).metadata },
        ],
        topics: [],
      });
      const [late, m] = assigned.map(
        ({ memberAssignment }) =>
          kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)!.assignment,
      );
      expect(late).toEqual({});
      expect(m!["b"]).toEqual([0, 1, 2, 3]);
    });
  });
});
