/**
 * Requests the ids of topics (KIP-516): a recreated topic has another id. kafkajs asks for metadata in version 6 at most, which
 * has no ids. This file sends the request in version 10, on the connections of an administrator of that client.
 */
import type { Admin, Kafka } from "kafkajs";
import { createRequire } from "node:module";
import type { AdminClient, TopicIds } from "../admin-client.js";

const metadataKey = 3;
/** The first version with ids. */
const version = 10;
const noId = Buffer.alloc(16);
const unknownTopic = 3;

/** Parts of the client that its types do not show. */
interface Broker {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>>;
  readonly connectionPool: { send(exchange: unknown): Promise<TopicIds> };
}
interface Cluster {
  readonly brokerPool: { findConnectedBroker(): Promise<Broker> };
}
interface Encoder {
  writeUVarInt(value: number): Encoder;
  writeUVarIntString(value: string): Encoder;
  writeBuffer(value: Buffer): Encoder;
  writeBoolean(value: boolean): Encoder;
}
interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readUVarInt(): number;
  readUVarIntString(): string | null;
  readBytes(length: number): Buffer;
  readBoolean(): boolean;
  readTaggedFields(): unknown;
}

/** An administrator that can ask for the ids of topics. */
export type AdminWithIds = Admin & Pick<Required<AdminClient>, "topicIds">;

/** Lets every administrator that this client makes ask for the ids of topics. */
export function withTopicIds(
  client: Kafka,
): Kafka & { admin(...config: Parameters<Kafka["admin"]>): AdminWithIds } {
  const symbol = Object.getOwnPropertySymbols(client).find(
    ({ description }) => description === "private:Kafka:createCluster",
  )!;
  const makers = client as unknown as Record<symbol, (options: unknown) => Cluster>;
  const createCluster = makers[symbol]!;
  const createAdmin = client.admin.bind(client);
  client.admin = (config) => {
    let cluster: Cluster | undefined;
    makers[symbol] = (options) => (cluster = createCluster(options));
    try {
      return Object.assign(createAdmin(config), {
        topicIds: (topics: readonly string[]) => topicIds(cluster, topics),
      });
    } finally {
      makers[symbol] = createCluster;
    }
  };
  return client as ReturnType<typeof withTopicIds>;
}

async function topicIds(
  cluster: Cluster | undefined,
  topics: readonly string[],
): Promise<TopicIds | undefined> {
  if (cluster === undefined) return undefined;
  const broker = await cluster.brokerPool.findConnectedBroker();
  if ((broker.versions[metadataKey]?.maxVersion ?? 0) < version) return undefined;
  const ids = await broker.connectionPool.send({ request: requestOf(topics), response });
  return [...ids.values()].includes(textOf(noId)) ? undefined : ids;
}

/** The client writes the head of a request without the tagged fields that this version has: they come with the body. */
function requestOf(topics: readonly string[]): unknown {
  return {
    apiKey: metadataKey,
    apiVersion: version,
    apiName: "Metadata",
    encode: () => {
      const encoder = newEncoder();
      encoder.writeUVarInt(0);
      encoder.writeUVarInt(topics.length + 1);
      for (const topic of topics) encoder.writeBuffer(noId).writeUVarIntString(topic).writeUVarInt(0);
      // Creates no topics and asks for no rights on the cluster or the topics.
      encoder.writeBoolean(false).writeBoolean(false).writeBoolean(false);
      return Promise.resolve(encoder.writeUVarInt(0));
    },
  };
}

/** Metadata response, version 10, of which the ids of topics are kept. */
const response = {
  decode: (bytes: Buffer): Promise<TopicIds> => {
    const decoder = newDecoder(bytes);
    decoder.readTaggedFields();
    decoder.readInt32();
    each(decoder, () => {
      decoder.readInt32();
      decoder.readUVarIntString();
      decoder.readInt32();
      decoder.readUVarIntString();
      decoder.readTaggedFields();
    });
    decoder.readUVarIntString();
    decoder.readInt32();
    const ids = new Map<string, string>();
    each(decoder, () => {
      const error = decoder.readInt16();
      const name = decoder.readUVarIntString()!;
      const id = Buffer.from(decoder.readBytes(noId.length));
      decoder.readBoolean();
      each(decoder, () => skipPartition(decoder));
      decoder.readInt32();
      decoder.readTaggedFields();
      if (error !== unknownTopic && (error === 0 || !id.equals(noId))) ids.set(name, textOf(id));
    });
    return Promise.resolve(ids);
  },
  parse: (ids: TopicIds): Promise<TopicIds> => Promise.resolve(ids),
};

function skipPartition(decoder: Decoder): void {
  decoder.readInt16();
  for (let field = 0; field < 3; field++) decoder.readInt32();
  for (let list = 0; list < 3; list++) each(decoder, () => decoder.readInt32());
  decoder.readTaggedFields();
}

/** An array is preceded by its length and one. */
function each(decoder: Decoder, read: () => void): void {
  for (let left = decoder.readUVarInt(); left > 1; left--) read();
}

function textOf(id: Buffer): string {
  return id.toString("base64url");
}

const load = createRequire(import.meta.url);

function newEncoder(): Encoder {
  return new (load("kafkajs/src/protocol/encoder") as new () => Encoder)();
}

function newDecoder(bytes: Buffer): Decoder {
  return new (load("kafkajs/src/protocol/decoder") as new (bytes: Buffer) => Decoder)(bytes);
}
