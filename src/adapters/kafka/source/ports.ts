/** Creates the ports of a pipeline on Kafka: a consumer group member as source, transactions as committer. */
import { Observable } from "rxjs";
import { UndercurrentError } from "../../../errors/errors.js";
import type { Assignment, Committer, Source } from "../../../pipeline/ports.js";
import { checkOptions } from "../check-options.js";
import { isPattern, isSeveral, namedInputs, optionsOf } from "../inputs.js";
import type { KafkaOptions, ServiceOptions } from "../options.js";
import { KafkaAssignment, type PortsFor } from "./assignment.js";
import { Membership, type MembershipEvents } from "./membership.js";
import { PatternMembership } from "./pattern-membership.js";
import { PendingCloses } from "./pending-closes.js";

/** The source and the committer of a pipeline on one Kafka cluster. */
export interface KafkaPorts {
  /** Hands out input partitions. Each subscription joins the consumer group as a member of its own. */
  readonly source: Source;
  readonly committer: Committer;
  /** Resolves when every leaving member has left the group and closed its connections. */
  closed(): Promise<void>;
}

/**
 * Creates the source and the committer of a pipeline on Kafka. The source hands out input partitions by consumer group
 * membership. Each commit is one transaction of forecasts, dead letters, state and input offset.
 *
 * The source errors with BROKER_UNREACHABLE, TOPIC_MISSING, TOPIC_MISMATCH, TOPIC_RECREATED, GROUP_FOREIGN or
 * INPUT_TRUNCATED.
 *
 * @param options Brokers, topics, `applicationId` and client settings.
 * @returns The ports for `run`, and `closed()` to wait for the last connection.
 * @throws SETTING_INVALID if an option has an old name, is unknown or contradicts another option.
 *
 * @example
 * ```ts
 * const kafka = kafkaPorts({
 *   bootstrapServers: ["localhost:9092"],
 *   applicationId: "pumps",
 *   topics: { input: "readings", forecasts: "forecasts", state: "pumps-state" },
 * });
 * run(kafka.source, kafka.committer).subscribe();
 * ```
 */
export function kafkaPorts(options: ServiceOptions): KafkaPorts {
  return openPorts(options);
}

/** The same for commands, which may do more with a state than a service. */
export function openPorts(options: ServiceOptions, purpose: PortsFor = {}): KafkaPorts {
  checkOptions(options);
  const leaving = new PendingCloses();
  const assignments = new Observable<Assignment>((subscriber) => {
    const membership = membershipOf(options, purpose, {
      assigned: (assignment) => subscriber.next(assignment),
      failed: (error) => subscriber.error(error),
    });
    membership.join().catch((error: unknown) => subscriber.error(error));
    return () => leaving.add(membership.leave());
  });
  return {
    source: { assignments },
    committer: {
      async commit(assignment, commit) {
        if (!(assignment instanceof KafkaAssignment)) {
          throw new UndercurrentError("FENCED", "the assignment does not come from a Kafka source");
        }
        await assignment.commit(commit);
      },
    },
    closed: () => leaving.over(),
  };
}

function membershipOf(
  options: ServiceOptions,
  purpose: PortsFor,
  events: MembershipEvents,
): Pick<Membership, "join" | "leave"> {
  const { input } = options.topics;
  if (isPattern(input))
    return new PatternMembership({ ...options, topics: { ...options.topics, input } }, purpose, events);
  const inputs = namedInputs(input)!.map((name) => optionsOf(options, name));
  return new Membership(inputs as [KafkaOptions], purpose, events, isSeveral(input));
}
