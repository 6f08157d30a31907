/** Applies every patch of the client, in the order that they need. */
import { patchAbortedTransactions } from "./aborted-transactions.js";
import { patchEmptiedBatches } from "./emptied-batches.js";
import { patchQuadraticHeaders } from "./quadratic-headers.js";
import { patchRefusedCoordinators } from "./refused-coordinators.js";
import { patchRefusedPartitions } from "./refused-partitions.js";
import { patchRequestQueues } from "./idle-request-queues.js";
import { patchSpreadRecords } from "./spread-records.js";
import { patchTlsRetries } from "./tls-retries.js";

/** Patches every client of this process; a second call does nothing. */
export function applyPatches(): void {
  // Record, batch, answer: each keeps the decoder of the one before when it is loaded.
  patchQuadraticHeaders();
  patchEmptiedBatches();
  patchSpreadRecords();
  patchAbortedTransactions();
  patchRequestQueues();
  patchTlsRetries();
  patchRefusedPartitions();
  patchRefusedCoordinators();
}
