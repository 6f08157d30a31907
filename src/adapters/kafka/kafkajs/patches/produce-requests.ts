/**
 * Replaces how the client encodes produce requests. It makes some twenty buffers for each record, a third of the service's CPU time.
 */
import { createRequire } from "node:module";
import type { Message } from "kafkajs";
import { attributeBits } from "../batch-layout.js";
import { writeBatch, type BatchCodec } from "../batch-writer.js";
import { replaceExport } from "./patch-module.js";

/** The client's growing buffer. */
interface Encoder {
  writeString(text: string | null): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  /** Without a length. */
  writeBuffer(bytes: Buffer): Encoder;
}

interface ProduceData {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  /** A number of 64 bits, or its text. */
  readonly producerId?: { toString(): string };
  readonly producerEpoch?: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number;
      readonly messages: readonly Message[];
    }[];
  }[];
}

interface ProduceRequest {
  encode: () => Promise<Encoder>;
}

interface Codec {
  compress: (records: { readonly buffer: Buffer }) => Promise<Buffer>;
}

/** Patches the produce requests of every client of this process, of version 3 and those that are made of it. */
export const patchProduceRequests = replaceExport<(data: ProduceData) => ProduceRequest>({
  module: "kafkajs/src/protocol/requests/produce/v3/request",
  users: ["protocol/requests/produce/v"],
  replace: (requestOf) => (data) => ({ ...requestOf(data), encode: () => encodeProduce(data) }),
});

const require = createRequire(import.meta.url);

/** Returns the request without its header. */
export async function encodeProduce(data: ProduceData): Promise<Encoder> {
  const { acks, timeout, topicData, transactionalId = null, compression = 0 } = data;
  const { producerId = -1, producerEpoch = 0 } = data;
  const codec = codecOf(compression & attributeBits.codec);
  const origin = {
    ...{ producerId: BigInt(producerId.toString()), producerEpoch },
    isTransactional: Boolean(transactionalId),
  };
  const now = Date.now();
  const topics = await Promise.all(
    topicData.map(async ({ topic, partitions }) => ({
      topic,
      partitions: await Promise.all(
        partitions.map(async ({ partition, messages, firstSequence = 0 }) => {
          return { partition, batch: await writeBatch(messages, codec, { ...origin, firstSequence }, now) };
        }),
      ),
    })),
  );
  const encoder = newEncoder().writeString(transactionalId).writeInt16(acks).writeInt32(timeout);
  encoder.writeInt32(topics.length);
  for (const { topic, partitions } of topics) {
    encoder.writeString(topic).writeInt32(partitions.length);
    for (const { partition, batch } of partitions) {
      encoder.writeInt32(partition).writeInt32(batch.length).writeBuffer(batch);
    }
  }
  return encoder;
}

function newEncoder(): Encoder {
  const ClientEncoder = require("kafkajs/src/protocol/encoder") as new () => Encoder;
  return new ClientEncoder();
}

function codecOf(type: number): BatchCodec {
  if (type === 0) return { type };
  const { lookupCodec } = require("kafkajs/src/protocol/message/compression") as {
    lookupCodec: (type: number) => Codec;
  };
  const codec = lookupCodec(type);
  return { type, pack: (buffer) => codec.compress({ buffer }) };
}
