/**
 * Reports the partition whose addition to a transaction was refused. The client throws the first error of a response, which may
 * be OPERATION_NOT_ATTEMPTED for another partition.
 */
import { patchModule } from "./patch-module.js";

interface AddPartitionsResponse {
  decode: (bytes: unknown) => Promise<{ errors: PartitionErrors[] }>;
}
interface PartitionErrors {
  readonly partitionErrors: readonly { readonly errorCode: number }[];
}

/** OPERATION_NOT_ATTEMPTED: the brokers' answer for every other partition of a refused request. */
const notAttempted = 55;

/** Patches the answers of every client of this process. The client asks in no later version than this. */
export const patchRefusedPartitions = patchModule(
  "kafkajs/src/protocol/requests/addPartitionsToTxn/v1/response",
  (response: AddPartitionsResponse) => {
    const { decode } = response;
    response.decode = async (bytes) => {
      const decoded = await decode(bytes);
      const rank = ({ partitionErrors }: PartitionErrors): number =>
        partitionErrors.some(({ errorCode }) => errorCode === notAttempted) ? 1 : 0;
      return { ...decoded, errors: decoded.errors.sort((a, b) => rank(a) - rank(b)) };
    };
  },
);
