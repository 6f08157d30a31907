/** Measures `run --workers 2` against one member, in turn: the service as a process of its own, from topic to topic. */
import type { TestBroker } from "../support/broker-client.js";
import { endChildren, type Child } from "../support/child.js";
import { logged, startService, type Settings } from "../support/service.js";
import { median, type Figure } from "./figures.js";
import { append, decode, outputTopics, readings } from "./kafka-topics.js";

const partitions = 4;
const keys = 500;
const rounds = 3;
/** The default, and a model that takes nearly all of the time: the broker needs its share of the same cores. */
const loads = [
  { name: "workers_2_vs_1", model: {}, perPartition: 200_000 },
  { name: "workers_2_vs_1_large_model", model: { hidden: 96, stride: 1 }, perPartition: 25_000 },
];

/** Microseconds of a record. */
async function pace(settings: Settings, workers: number, perPartition: number): Promise<number> {
  const service = startService(settings, { args: ["--workers", String(workers)] });
  const all = Array.from({ length: partitions }, (_, partition) =>
    service.line(new RegExp(`"event":"committed",.*"partition":${partition},"offset":${perPartition},`)),
  );
  await Promise.all(all);
  const microseconds = paceOf(service);
  await service.end();
  return microseconds;
}

/** Over the commits after the group has shared out its partitions for the last time. */
function paceOf(service: Child): number {
  const settled = Math.max(...logged(service, "live").map(({ time }) => Date.parse(time as string)));
  const commits = logged(service, "committed")
    .map(({ time, forecasts }) => ({ at: Date.parse(time as string), forecasts: forecasts as number }))
    .filter(({ at }) => at > settled);
  const later = commits.slice(1).reduce((sum, { forecasts }) => sum + forecasts, 0);
  return (1000 * (commits.at(-1)!.at - commits[0]!.at)) / later;
}

/** Four partitions of 500 keys each. */
export async function benchWorkers(broker: TestBroker): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, model, perPartition } of loads) {
    const input = broker.name("bench-input");
    await broker.createTopic(input, { partitions });
    for (let partition = 0; partition < partitions; partition++) {
      await append(broker, input, partition, readings(perPartition, keys, partition + 1));
    }
    const times = new Map([1, 2].map((workers) => [workers, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      for (const [workers, of] of times) {
        const { bootstrapServers, applicationId, topics } = await outputTopics(broker, input, partitions);
        const kafka = { bootstrapServers: [...bootstrapServers] };
        const settings = { applicationId, kafka, topics, decode, model, log: { level: "debug" } };
        of.push(await pace(settings as Settings, workers, perPartition));
      }
    }
    await endChildren();
    const [one, two] = [median(times.get(1)!), median(times.get(2)!)];
    figures.push({
      name,
      value: two,
      unit: "µs/record",
      peer: `one worker ${one.toPrecision(4)}`,
      ratio: one / two,
    });
  }
  return figures;
}
