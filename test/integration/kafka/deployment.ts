// A service's configuration with topics of its own on the test broker, its input, and how far it has got.
import { broker } from "../../support/broker.js";
import type { Child } from "../../support/child.js";
import type { Settings } from "../../support/service.js";
import { createTopics } from "./support.js";

export type Deployment = Omit<Settings, "topics"> & {
  readonly applicationId: string;
  readonly topics: { readonly [Part in keyof Topics]: string } & Partial<Readonly<Record<OwnTopics, string>>>;
};
type OwnTopics = "candidate" | "candidateIncidents" | "feedback";
type Topics = Required<
  Omit<NonNullable<Settings["topics"]>, OwnTopics | "repartition" | "repartitionPartitions">
>;

export async function deployment(partitions: number, settings: Settings = {}): Promise<Deployment> {
  const { applicationId, topics, ...others } = await createTopics(partitions);
  const kafka = { ...others, bootstrapServers: broker.brokers.slice() };
  return { applicationId, kafka, log: { level: "debug" }, ...settings, topics } as Deployment;
}

const start = Date.now();

/** Readings of three keys from `from` on, each with a header and a value and time that say which it is. */
export async function produce(
  { topics }: Deployment,
  partition: number,
  count: number,
  from = 0,
): Promise<void> {
  const readings = Array.from({ length: count }, (_, i) => ({
    key: `key-${(from + i) % 3}`,
    value: JSON.stringify({ value: from + i }),
    headers: { trace: `trace-${from + i}` },
    timestamp: start + from + i,
  }));
  await broker.produce(topics.input, partition, readings);
}

export const committed = (service: Child, partition: number, offset: number): Promise<string> =>
  service.line(new RegExp(`"event":"committed",.*"partition":${partition},"offset":${offset},`));
