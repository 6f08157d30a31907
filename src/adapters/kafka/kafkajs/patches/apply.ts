/** Applies every patch of the client, in the order that they need. */
import { patchAbortedTransactions } from "./aborted-transactions.js";
import { patchFollowerOffsets } from "./follower-offsets.js";
import { patchRefusedCoordinators } from "./refused-coordinators.js";
import { patchRefusedPartitions } from "./refused-partitions.js";
import { patchRequestQueues } from "./idle-request-queues.js";
import { patchProduceRequests } from "./produce-requests.js";
import { patchStrictBatches } from "./strict-batches.js";
import { patchTlsRetries } from "./tls-retries.js";

/** Patches every client of this process; a second call does nothing. */
export function applyPatches(): void {
  patchStrictBatches();
  patchAbortedTransactions();
  patchProduceRequests();
  patchRequestQueues();
  patchTlsRetries();
  patchRefusedPartitions();
  patchRefusedCoordinators();
  patchFollowerOffsets();
}
