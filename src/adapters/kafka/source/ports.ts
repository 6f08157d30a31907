/** The ports of a pipeline on Kafka: membership in the group as its source, transactions as its committer. */
import { Observable } from "rxjs";
import { refuseRenamed, UndercurrentError } from "../../../errors/errors.js";
import type { Assignment, Committer, Source } from "../../../pipeline/ports.js";
import type { KafkaOptions } from "../options.js";
import { KafkaAssignment, type PortsFor } from "./assignment.js";
import { Membership } from "./membership.js";
import { PendingCloses } from "./pending-closes.js";

/** Both ends of a pipeline on one Kafka cluster. */
export interface KafkaPorts {
  /** Every subscription is a member of the consumer group of its own. */
  readonly source: Source;
  readonly committer: Committer;
  /** Resolves when every member that began to leave has left and closed its connections. */
  closed(): Promise<void>;
}

/**
 * The ports of a pipeline on Kafka: input partitions by membership in a consumer group; forecasts, state and input
 * offset in one transaction for each commit.
 *
 * @throws SETTING_INVALID where an option has an old name.
 *
 * The source errors with BROKER_UNREACHABLE, TOPIC_MISSING, TOPIC_MISMATCH, TOPIC_RECREATED, GROUP_FOREIGN or
 * INPUT_TRUNCATED.
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
export function kafkaPorts(options: KafkaOptions): KafkaPorts {
  return openPorts(options);
}

/** The same for commands, which may do more with a state than a service. */
export function openPorts(options: KafkaOptions, purpose: PortsFor = {}): KafkaPorts {
  refuseRenamed("kafkaOptions", options);
  const leaving = new PendingCloses();
  const assignments = new Observable<Assignment>((subscriber) => {
    const membership = new Membership(options, purpose, {
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
