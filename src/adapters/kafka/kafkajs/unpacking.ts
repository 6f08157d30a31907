/** How much memory a compressed batch may take when it is unpacked, for everything that one consumer reads. */
import { AsyncLocalStorage } from "node:async_hooks";
import { UndercurrentError } from "../../../errors/errors.js";
import { kafkaDefaults } from "../defaults.js";

// The client's codecs and decoders are functions of the whole process: only the call that fetches knows its consumer.
const limits = new AsyncLocalStorage<number>();

/** Runs work whose fetches, for as long as it goes on, unpack at most so many bytes of a batch. */
export function withUnpackedLimit<Result>(maxBytes: number, work: () => Result): Result {
  return limits.run(maxBytes, work);
}

/** Returns the limit of the consumer that fetches now, in bytes. */
export function unpackedLimit(): number {
  return limits.getStore() ?? kafkaDefaults.maxUnpackedBatchBytes;
}

/** The error of a batch that unpacks to more than the limit. */
export function tooLarge(maxBytes: number): UndercurrentError {
  return new UndercurrentError(
    "BATCH_UNREADABLE",
    `it unpacks to more than ${maxBytes} bytes (kafka.maxUnpackedBatchBytes)`,
  );
}

/** Bytes that a record and a header of a compressed batch count beside their own: thousands of empty ones take memory too. */
export const recordCharge = 64;
export const headerCharge = 32;
