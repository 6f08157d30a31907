/** Converts kafkajs messages to the pipeline's records, with offsets and times as numbers. */
import type { IHeaders, KafkaMessage } from "kafkajs";
import type { InputRecord, RecordHeader } from "../../../pipeline/ports.js";
import type { BatchMessage } from "./batch-reader.js";

const none: readonly RecordHeader[] = [];

/** Converts one message. */
export function toInputRecord(message: KafkaMessage): InputRecord {
  const { offset, timestamp, key, value, headers, unreadable } = message as KafkaMessage &
    Pick<BatchMessage, "unreadable">;
  return {
    // Below 2^53: a partition that gets a million records a second takes 285 years to get there.
    offset: Number(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: headers === undefined ? none : toHeaders(headers),
    unreadable,
  };
}

/**
 * The client gives headers by name, with a list where a name occurs more than once: the order among different names,
 * and the difference between an empty and a null value, are lost before they get here.
 */
function toHeaders(headers: IHeaders): readonly RecordHeader[] {
  const names = Object.keys(headers);
  if (names.length === 0) return none;
  return names.flatMap((name) => {
    const values = headers[name];
    return (Array.isArray(values) ? values : [values]).map((value) => ({ name, value: bytesOf(value) }));
  });
}

function bytesOf(value: Buffer | string | null | undefined): Uint8Array {
  return typeof value === "string" ? Buffer.from(value) : (value ?? Buffer.alloc(0));
}
