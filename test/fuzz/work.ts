/** The work that records cost from the bytes of a fetch to the bytes of a produce request, without brokers between. */
import { createRequire } from "node:module";
import type { KafkaMessage } from "kafkajs";
import { writeBatch } from "../../src/adapters/kafka/kafkajs/batch-writer.js";
import { applyPatches } from "../../src/adapters/kafka/kafkajs/patches/apply.js";
import { compressionTypes, registerCodecs } from "../../src/adapters/kafka/kafkajs/codecs.js";
import type { Compression } from "../../src/adapters/kafka/options.js";
import { messagesOf as kafkajsMessages } from "../../src/adapters/kafka/producer/producer-kafkajs.js";
import { messagesOf as platformaticMessages } from "../../src/adapters/kafka/producer/producer-platformatic.js";
import { splitByBytes } from "../../src/adapters/kafka/producer/split.js";
import { writesOf } from "../../src/adapters/kafka/producer/writes.js";
import { Feed } from "../../src/adapters/kafka/consumer/feed.js";
import { toInputRecord } from "../../src/adapters/kafka/kafkajs/records.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import type { InputRecord } from "../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings, type PipelineOptions } from "../../src/pipeline/settings.js";
import { Stage } from "../../src/pipeline/task/stage.js";

applyPatches();
registerCodecs();

// Inner files of the clients, which have no public way between messages and bytes.
const load = createRequire(import.meta.url);
interface Bytes {
  readonly buffer: Buffer;
}
type Encode = (parts: object) => Bytes;
const encodeRecord = load("kafkajs/src/protocol/recordBatch/record/v0/index.js") as Encode;
const { RecordBatch: encodeBatch } = load("kafkajs/src/protocol/recordBatch/v0/index.js") as {
  RecordBatch: (parts: object) => Promise<Bytes>;
};
const decodeMessages = load("kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js") as (
  bytes: Bytes,
) => Promise<KafkaMessage[]>;
const Decoder = load("kafkajs/src/protocol/decoder.js") as new (buffer: Buffer) => Bytes;
const { createRecordsBatch } = (await import("@platformatic/kafka")) as unknown as {
  createRecordsBatch: (messages: readonly object[], options: object) => Bytes;
};

const origin = { producerId: 0n, producerEpoch: 0, firstSequence: 0, isTransactional: true };

export type Sent = Pick<InputRecord, "key" | "value" | "headers"> & { readonly timestamp: number };

/** A fetch's answer for a partition: its size, and one batch of these records. */
export async function fetched(records: readonly Sent[], compression: Compression = "none"): Promise<Buffer> {
  const encoded = records.map(({ key, value, headers, timestamp }, offsetDelta) => {
    const byName = Object.create(null) as Record<string, Buffer[]>;
    for (const { name, value: of } of headers) (byName[name] ??= []).push(Buffer.from(of));
    return encodeRecord({
      offsetDelta,
      timestampDelta: timestamp,
      key: key && Buffer.from(key),
      value: value && Buffer.from(value),
      headers: byName,
    });
  });
  const { buffer } = await encodeBatch({
    records: encoded,
    firstTimestamp: 0,
    lastOffsetDelta: records.length - 1,
    compression: compressionTypes[compression],
  });
  return sized(buffer);
}

/** With its size before it, as in the answer. */
export function sized(batches: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(batches.length);
  return Buffer.concat([size, batches]);
}

export interface Worked {
  readonly forecasts: number;
  readonly deadLetters: number;
  /** Of the requests of both producers. */
  readonly bytes: number;
  /** Of the CPU. */
  readonly milliseconds: number;
}

const topics = { input: "readings", forecasts: "forecasts", state: "state", deadLetters: "dead" };
const maxBatchBytes = 900_000;

/** Takes a fetch's answer all the way to the requests of both producers. */
export async function work(answer: Buffer, options: PipelineOptions = {}): Promise<Worked> {
  const settings = pipelineSettings(options);
  const forecaster = new Forecaster(modelSettings({ hidden: 4, readout: "shared" }, settings.decode));
  const stage = new Stage(forecaster, settings, { topic: topics.input, partition: 0 });
  try {
    const before = process.cpuUsage();
    const messages = await decodeMessages(new Decoder(answer));
    const feed = new Feed({ seek: noop, pause: noop, resume: noop }, 0, 1_000_000);
    feed.push(messages.map(toInputRecord), messages.length, messages.length);
    const { records } = (await feed.take())!;
    const output = stage.process(records);
    const owner = { application: "pumps", input: topics.input, partition: 0 };
    const countOf = (): Promise<number> => Promise.resolve(12);
    const writes = await writesOf({ ...output, snapshot: undefined }, { topics, owner, countOf });
    let bytes = 0;
    for (const request of splitByBytes(writes, maxBatchBytes)) {
      for (const part of request) {
        bytes += (await writeBatch(kafkajsMessages(part), { type: 0 }, origin, 0)).length;
        bytes += createRecordsBatch(platformaticMessages(part), {}).buffer.length;
      }
    }
    const { user, system } = process.cpuUsage(before);
    const { forecasts, deadLetters } = output;
    return {
      forecasts: forecasts.length,
      deadLetters: deadLetters.length,
      bytes,
      milliseconds: (user + system) / 1000,
    };
  } finally {
    forecaster.dispose();
  }
}

const noop = (): void => undefined;
