// The Kafka adapter under the contracts of the pipeline's ports, on a real broker.
import type { IHeaders, KafkaMessage } from "kafkajs";
import { expect } from "vitest";
import {
  kafkaPorts,
  producerKinds,
  type KafkaOptions,
  type KafkaPorts,
} from "../../../src/adapters/kafka/index.js";
import type { Committer, OutputRecord, RecordHeader } from "../../../src/pipeline/ports.js";
import { committerContract } from "../../contracts/committer.js";
import type { PipelineHarness } from "../../contracts/pipeline.js";
import { sourceContract } from "../../contracts/source.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { runsWholeClient, testedClients } from "../../support/whole-client.js";
import { createTopics } from "./support.js";

async function createHarness(clients: Partial<KafkaOptions>, partitions: number): Promise<PipelineHarness> {
  const options = await createTopics(partitions, clients);
  const { topics } = options;
  const deadLetters = topics.deadLetters!;
  const incidents = topics.incidents!;
  const routedTopic = broker.name("routed");
  await broker.createTopic(routedTopic);
  const members: KafkaPorts[] = [];
  /** Records whose commit was acknowledged: readers see them a little later, and wait for so many. */
  const acknowledged = new Map<string, number>();
  const count = (topic: string, records: number): void => {
    acknowledged.set(topic, (acknowledged.get(topic) ?? 0) + records);
  };
  const counting = (committer: Committer): Committer => ({
    async commit(assignment, commit) {
      await committer.commit(assignment, commit);
      count(topics.forecasts, commit.forecasts.length);
      count(incidents, commit.incidents.length);
      count(deadLetters, commit.deadLetters.length);
      for (const { topic } of commit.routed) count(topic, 1);
    },
  });
  const read = async (topic: string): Promise<OutputRecord[][]> => {
    const messages = await broker.readCommitted(topic, acknowledged.get(topic));
    return messages.map((partition) => partition.map(toRecord));
  };
  /** The adapter's own header is none of the record's. */
  const withoutOwn = (record: OutputRecord): OutputRecord => {
    const own = ({ name }: RecordHeader): boolean => name === "undercurrent-application";
    expect(record.headers.filter(own).map(({ value }) => Buffer.from(value).toString())).toEqual([
      options.applicationId,
    ]);
    return { ...record, headers: record.headers.filter((header) => !own(header)) };
  };
  return {
    routedTopic,
    async append(partition, records) {
      const messages = records.map(({ key, value, headers, timestamp }) => ({
        key: key && Buffer.from(key),
        value: value && Buffer.from(value),
        headers: byName(headers),
        timestamp,
      }));
      await broker.produce(topics.input, partition, messages);
    },
    member() {
      const ports = kafkaPorts(options);
      members.push(ports);
      return { source: ports.source, committer: counting(ports.committer) };
    },
    forecasts: async (partition) => (await read(topics.forecasts))[partition]!.map(withoutOwn),
    incidents: async (partition) => (await read(incidents))[partition]!.map(withoutOwn),
    deadLetters: async () => (await read(deadLetters)).flat(),
    routed: async () => (await read(routedTopic)).flat().map((record) => ({ topic: routedTopic, record })),
    async close() {
      await Promise.all(members.map((member) => member.closed()));
    },
  };
}

function byName(headers: readonly RecordHeader[]): IHeaders {
  const result = Object.create(null) as Record<string, Buffer[]>;
  for (const { name, value } of headers) (result[name] ??= []).push(Buffer.from(value));
  return result;
}

function toRecord({ key, value, headers, timestamp }: KafkaMessage): OutputRecord {
  return {
    key,
    value,
    headers: Object.entries(headers ?? {}).flatMap(([name, values]) =>
      [values ?? []].flat().map((each) => ({ name, value: Buffer.from(each) })),
    ),
    timestamp: Number(timestamp),
  };
}

describeWithBroker("contracts", () => {
  for (const client of testedClients) {
    sourceContract(`Kafka with ${client}`, (partitions) => createHarness({ client }, partitions));
    committerContract(`Kafka with ${client}`, (partitions) => createHarness({ client }, partitions));
  }
  if (runsWholeClient) {
    sourceContract("Kafka with groupProtocol: consumer", (partitions) =>
      createHarness({ client: "platformatic", groupProtocol: "consumer" }, partitions),
    );
  }
  for (const producer of producerKinds.filter((each) => each !== "kafkajs")) {
    committerContract(`Kafka with the producer ${producer}`, (partitions) =>
      createHarness({ producerClient: producer }, partitions),
    );
  }
});
