/**
 * Reports a refusal during the search for a coordinator. The client asks the brokers in turn, forgets their answers, and
 * reports a missing coordinator, which is retriable.
 */
import { refusalOf } from "../refusals.js";
import { patchModule } from "./patch-module.js";

type UseBroker = (given: unknown) => Promise<unknown>;
interface BrokerPool {
  withBroker: (this: BrokerPool, use: UseBroker) => Promise<unknown>;
}

/** Patches the brokers of every client of this process. */
export const patchRefusedCoordinators = patchModule(
  "kafkajs/src/cluster/brokerPool",
  ({ prototype }: { prototype: BrokerPool }) => {
    const { withBroker } = prototype;
    prototype.withBroker = async function (use) {
      let refused: Error | undefined;
      const answer = await withBroker.call(this, (given) =>
        use(given).catch((error: unknown) => {
          if (error instanceof Error && refusalOf(error) !== undefined) refused ??= error;
          throw error;
        }),
      );
      if (answer === null && refused !== undefined) throw refused;
      return answer;
    };
  },
);
