/**
 * Decodes a record's headers in time linear in their number. The client copies the object of all headers so far for each
 * header, and the list of all values so far for each value of a repeated name: 20,000 headers of one record took it two
 * minutes. It also takes what every object inherits (`constructor`, `__proto__`) for an earlier value of that name.
 */
import type { IHeaders } from "kafkajs";
import { replaceExport } from "./patch-module.js";

type HeaderValue = Buffer | null;

export interface DecodedHeader {
  readonly key: string | null;
  readonly value: HeaderValue;
}

/** What is used of the client's decoder of bytes. */
interface Bytes {
  readInt8(): number;
  readVarInt(): number;
  readVarLong(): { readonly value: bigint };
  readVarIntBytes(): HeaderValue;
  readVarIntArray<Item>(read: (bytes: Bytes) => Item): Item[];
}

interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly magicByte?: number;
  readonly isControlBatch?: boolean;
  readonly timestampType?: unknown;
  readonly maxTimestamp?: string;
}

export type DecodeRecord = (bytes: Bytes, batch: BatchContext) => object;

/** Returns the headers by name, in the client's form: a list of values where a name occurs more than once. */
export function headersByName(headers: readonly DecodedHeader[]): IHeaders {
  const byName: Record<string, HeaderValue | HeaderValue[]> = {};
  for (const { key, value } of headers) {
    const name = String(key);
    if (!Object.hasOwn(byName, name)) {
      // An assignment would set the prototype where the name is __proto__.
      if (name === "__proto__") defineOwn(byName, name, value);
      else byName[name] = value;
      continue;
    }
    const earlier = byName[name]!;
    if (Array.isArray(earlier)) earlier.push(value);
    else byName[name] = [earlier, value];
  }
  return byName as IHeaders;
}

function defineOwn(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Patches the decoder of records of every client of this process. */
export const patchQuadraticHeaders = replaceExport<DecodeRecord>({
  module: "kafkajs/src/protocol/recordBatch/record/v0/decoder",
  users: ["protocol/recordBatch/v0/decoder", "protocol/requests/fetch/v"],
  replace(_, require) {
    const decodeHeader = require("kafkajs/src/protocol/recordBatch/header/v0/decoder") as (
      bytes: Bytes,
    ) => DecodedHeader;
    const { LOG_APPEND_TIME } = require("kafkajs/src/protocol/timestampTypes") as Record<string, unknown>;
    return (bytes, batchContext) => {
      const { magicByte, isControlBatch = false, timestampType, maxTimestamp } = batchContext;
      const attributes = bytes.readInt8();
      const delta = bytes.readVarLong().value;
      const isAppendTime = timestampType === LOG_APPEND_TIME && maxTimestamp !== undefined;
      const timestamp = isAppendTime ? maxTimestamp : String(BigInt(batchContext.firstTimestamp) + delta);
      const offset = String(BigInt(batchContext.firstOffset) + BigInt(bytes.readVarInt()));
      const key = bytes.readVarIntBytes();
      const value = bytes.readVarIntBytes();
      const headers = headersByName(bytes.readVarIntArray(decodeHeader));
      return {
        magicByte,
        attributes,
        timestamp,
        offset,
        key,
        value,
        headers,
        isControlRecord: isControlBatch,
        batchContext,
      };
    };
  },
});
