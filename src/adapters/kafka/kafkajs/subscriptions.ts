/** Which protocol the members of this service's consumer groups speak, and which topics a member's metadata names. */
import kafkajs from "kafkajs";

/** The name of the group protocol: it tells members of this service from other consumers. */
export const assignerName = "undercurrent";

/** Returns the topics that a member subscribes to: the input and the state, for members of this service. */
export function subscribedTopics(memberMetadata: Buffer): readonly string[] {
  if (memberMetadata.length === 0) return [];
  return kafkajs.AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [];
}

/** Returns whether two subscriptions name the same topics in the same order. */
export function sameTopics(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((topic, index) => topic === b[index]);
}
