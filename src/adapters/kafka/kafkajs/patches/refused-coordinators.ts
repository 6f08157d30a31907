/**
 * Reports a refusal where the client looks for a coordinator: the client asks one broker after the other, forgets what each
 * answered, and says that there is no coordinator, which may pass.
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
