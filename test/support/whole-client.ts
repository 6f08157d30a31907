// Whether the whole client on @platformatic/kafka runs here, and the clients for tests of both.
import { loadWholeClient } from "../../src/adapters/kafka/platformatic/load.js";
import { clientKinds, type ClientKind } from "../../src/adapters/kafka/options.js";

/** Node.js 22.22 or later, and release 2 of the package. */
export const runsWholeClient = await loadWholeClient().then(
  () => true,
  () => false,
);

if (!runsWholeClient) {
  console.warn("SKIPPED: tests of kafka.client: platformatic need Node.js 22.22 and @platformatic/kafka 2.");
}

/** The clients that run here. */
export const testedClients: readonly ClientKind[] = clientKinds.filter(
  (client) => client === "kafkajs" || runsWholeClient,
);
