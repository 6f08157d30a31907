/** Describes consumer groups: which of them run this service, and which topics their members read. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AdminClient, GroupFacts } from "../admin-client.js";
import { UndercurrentError } from "../../../errors/errors.js";
import { errorType } from "../errors.js";
import { assignerName, sameTopics, subscribedTopics } from "../kafkajs/subscriptions.js";

/** Groups that are described in one request to their coordinator. */
const atOnce = 100;
/** Longest wait for a rebalance and time between two looks, in ms. During a rebalance the brokers report no subscriptions. */
const patience = 30_000;
const pause = 500;

const rebalancing = new Set(["PreparingRebalance", "CompletingRebalance"]);

/**
 * Returns the error GROUP_FOREIGN if members of this application's group read other input or state topics. Returns undefined
 * otherwise, and during a rebalance.
 *
 * @param own Each input topic followed by its state topic.
 */
export async function foreignMembers(
  admin: AdminClient,
  applicationId: string,
  own: readonly string[],
): Promise<UndercurrentError | undefined> {
  const [group] = (await admin.describeGroups([applicationId])).groups;
  return group && foreignMember(group, applicationId, own);
}

function foreignMember(
  { protocol, members, isUnordered }: GroupFacts,
  applicationId: string,
  own: readonly string[],
): UndercurrentError | undefined {
  if (protocol !== assignerName) return undefined;
  const other = members
    .map(({ memberMetadata }) => subscribedTopics(memberMetadata))
    .find(
      (read) => !(isUnordered === true ? sameTopics(read.toSorted(), own.toSorted()) : sameTopics(read, own)),
    );
  if (other === undefined) return undefined;
  return new UndercurrentError(
    "GROUP_FOREIGN",
    `application ${applicationId}: its consumer group has members with ${named(other)}; this configuration has ${named(own)}`,
  );
}

function named(read: readonly string[]): string {
  return read.length === 2
    ? `input topic ${read[0]} and state topic ${read[1]}`
    : `the topics ${read.join(", ")}`;
}

/** A group whose members write a state topic. */
export interface StateWriters {
  readonly group: string;
  readonly members: number;
  /** The input topic that its members read. */
  readonly input: string;
}

/**
 * Returns the other groups whose members write a state topic. Every instance of the service, of any release, subscribes to the
 * state topic that it writes. Groups that this user may not describe are left out.
 *
 * @throws GROUP_ACTIVE if a group rebalances for so long that its subscriptions stay unknown.
 */
export async function stateWriters(
  admin: AdminClient,
  state: string,
  except: string,
): Promise<readonly StateWriters[]> {
  const { groups } = await admin.listGroups();
  const names = groups
    .filter(({ groupId, protocolType }) => protocolType === "consumer" && groupId !== except)
    .map(({ groupId }) => groupId);
  const writers: StateWriters[] = [];
  for (let at = 0; at < names.length; at += atOnce) {
    for (const { groupId, protocol, members, isUnordered } of await settled(
      admin,
      names.slice(at, at + atOnce),
    )) {
      if (protocol !== assignerName) continue;
      const read = members.map(({ memberMetadata }) => subscribedTopics(memberMetadata));
      // Each input is followed by its state.
      const isWritten = (topic: string, index: number): boolean =>
        topic === state && (isUnordered === true || index % 2 === 1);
      const writing = read.flatMap((topics) => {
        const at = topics.findIndex(isWritten);
        if (at < 0) return [];
        return [isUnordered === true ? topics.find((topic) => topic !== state)! : topics[at - 1]!];
      });
      if (writing.length > 0) writers.push({ group: groupId, members: writing.length, input: writing[0]! });
    }
  }
  return writers;
}

async function settled(admin: AdminClient, names: readonly string[]): Promise<readonly GroupFacts[]> {
  const deadline = performance.now() + patience;
  const result: GroupFacts[] = [];
  for (let open = names; ;) {
    const groups = await describe(admin, open);
    result.push(...groups.filter(({ state }) => !rebalancing.has(state)));
    open = groups.filter(({ state }) => rebalancing.has(state)).map(({ groupId }) => groupId);
    if (open.length === 0) return result;
    if (performance.now() > deadline) {
      throw new UndercurrentError(
        "GROUP_ACTIVE",
        `the consumer group ${open[0]} is rebalancing, so the brokers do not report whether its members write the state topic`,
      );
    }
    await sleep(pause);
  }
}

/** If this user may not describe one of the groups, the client refuses the whole request. */
async function describe(admin: AdminClient, names: readonly string[]): Promise<readonly GroupFacts[]> {
  if (names.length === 0) return [];
  try {
    return (await admin.describeGroups([...names])).groups;
  } catch (error) {
    if (errorType(error) !== "GROUP_AUTHORIZATION_FAILED") throw error;
    if (names.length === 1) return [];
    const half = Math.ceil(names.length / 2);
    return [...(await describe(admin, names.slice(0, half))), ...(await describe(admin, names.slice(half)))];
  }
}

/** Describes writers for a message: "the consumer group a has 2 members (input topic readings)". */
export function describeWriters({ group, members, input }: StateWriters): string {
  return `the consumer group ${group}, with ${members} member${members === 1 ? "" : "s"} that read${members === 1 ? "s" : ""} the input topic ${input}`;
}
