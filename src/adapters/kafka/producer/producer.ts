/** Defines the producer port: consecutive transactions of one transactional id. */
import type { RequestPart } from "./split.js";

export interface TransactionalProducer {
  /** Begins a transaction after the previous one has ended. */
  begin(): Promise<Transaction>;
  /** Ends the connections, with whatever is under way. */
  close(): Promise<void>;
}

/** All of these reject with the client's own errors; one that has failed leaves the producer in an unknown state. */
export interface Transaction {
  send(request: readonly RequestPart[]): Promise<void>;
  /** Adds the group's next input offset to the transaction, with its metadata. */
  sendOffset(offset: number, metadata: string | null): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}
