/** Whether `/ready` says yes: each member has joined its group, all it was assigned is live, and the brokers answer. */

/** The state of one group member, as plain data. */
export interface MemberStanding {
  /** Assigned partitions; undefined if the member has not joined its group. */
  readonly assigned: number | undefined;
  /** Partitions with a task, and the tasks among them that are live. */
  readonly held: number;
  readonly live: number;
  /** Epoch milliseconds of the brokers' last answer. */
  readonly heardAt: number;
}

/** The partitions with a task, and the live ones among them. */
export type HeldPartitions = Pick<MemberStanding, "held" | "live">;

export interface ReadinessLimits {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly maxBrokerSilenceMs: number;
}

/** A member without partitions is ready, as a standby; without members, nothing is. */
export function isReady(members: readonly MemberStanding[], limits: ReadinessLimits): boolean {
  return members.length > 0 && members.every((member) => isMemberReady(member, limits));
}

function isMemberReady(
  { assigned, held, live, heardAt }: MemberStanding,
  { now, maxBrokerSilenceMs }: ReadinessLimits,
): boolean {
  if (assigned === undefined || now - heardAt > maxBrokerSilenceMs) return false;
  // A revoked partition keeps its task until the task has ended.
  return held >= assigned && live === held;
}

/** Follows one member. */
export class Readiness {
  #assigned: number | undefined;
  #heardAt = 0;
  readonly #now: () => number;

  /** @param now epoch milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  joined(partitions: number): void {
    this.#assigned = partitions;
  }

  lost(): void {
    this.#assigned = undefined;
  }

  /** The brokers answered. Returns the milliseconds since the answer before. */
  heard(): number {
    const before = this.#heardAt;
    this.#heardAt = this.#now();
    return this.#heardAt - before;
  }

  standing({ held, live }: HeldPartitions): MemberStanding {
    return { assigned: this.#assigned, held, live, heardAt: this.#heardAt };
  }
}
