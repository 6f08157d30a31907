/**
 * Measures the service under more than three times the input that it processes, for a minute: its memory, the lag that
 * /metrics tells, and how long it takes to catch up. The built command is a process of its own, on a real broker.
 */
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Producer } from "kafkajs";
import { createClient, patientRetry } from "../../src/adapters/kafka/kafkajs/client.js";
import type { TestBroker } from "../support/broker-client.js";
import { endChildren, type Child } from "../support/child.js";
import { logged, startService } from "../support/service.js";
import { median, type Figure } from "./figures.js";
import { decode, outputTopics, readingSource } from "./kafka-topics.js";

const partitions = 2;
const keys = 100;
/** It takes nearly all of an event's time, so that input at three times its pace is little work for the broker. */
const model = { hidden: 120, stride: 1 };
const factor = 3.5;
/** Seconds: with just enough input to see the service's pace, of which the first do not count; with too much. */
const saturated = { ignored: 10, measured: 20 };
const overloaded = 60;
/** Records that wait while the pace is measured, at least. */
const backlog = 10_000;
/** Seconds of its pace that the input goes by: the service gets quicker, as it is compiled and as its models settle. */
const recent = 5;
/** Milliseconds between two requests of the producer, and between two samples. */
const period = 200;

interface Sample {
  /** Seconds. */
  readonly at: number;
  readonly produced: number;
  readonly processed: number;
  /** As /metrics tells it. */
  readonly lag: number;
  /** Resident memory, bytes. */
  readonly memory: number;
}

/** Produces readings of every partition, and counts them. */
class Input {
  produced = 0;
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #sources = Array.from({ length: partitions }, (_, partition) =>
    readingSource(keys, partition + 1),
  );

  constructor(producer: Producer, topic: string) {
    this.#producer = producer;
    this.#topic = topic;
  }

  async send(perPartition: number): Promise<void> {
    if (perPartition === 0) return;
    const messages = this.#sources.flatMap((readings, partition) =>
      readings(perPartition).map(({ key, value }) => ({ key, value, partition })),
    );
    await this.#producer.send({ topic: this.#topic, messages });
    this.produced += messages.length;
  }

  /** So many records a second, as it is told each time, until the time is over; what is late is made up for. */
  async flow(perSecond: () => number, seconds: number): Promise<void> {
    const began = performance.now();
    let [before, due] = [0, 0];
    while (before < seconds) {
      const elapsed = Math.min(seconds, (performance.now() - began) / 1000);
      due += (perSecond() * (elapsed - before)) / partitions;
      before = elapsed;
      const count = Math.min(Math.floor(due), 5000);
      await this.send(count);
      due -= count;
      await sleep(period);
    }
  }
}

/** Sums a metric over its series. */
function metricIn(text: string, name: string): number {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

async function sample(service: Child, url: string, input: Input): Promise<Sample> {
  const { produced } = input;
  // A connection that is kept may be closed by the service in the moment in which it is used again.
  const text = await (await fetch(`${url}metrics`, { headers: { connection: "close" } })).text();
  return {
    at: performance.now() / 1000,
    produced,
    processed: metricIn(text, "undercurrent_committed_forecasts_total"),
    lag: metricIn(text, "undercurrent_consumer_lag_records"),
    memory:
      1024 * Number(execFileSync("ps", ["-o", "rss=", "-p", String(service.pid)], { encoding: "utf8" })),
  };
}

const paceBetween = (from: Sample, to: Sample): number => (to.processed - from.processed) / (to.at - from.at);

/** Samples while something goes on, which are put into `samples` as they come. */
async function samplesWhile(
  take: () => Promise<Sample>,
  goesOn: (last: Sample) => boolean,
  samples: Sample[] = [],
): Promise<Sample[]> {
  do {
    samples.push(await take());
    await sleep(period);
  } while (goesOn(samples.at(-1)!));
  return samples;
}

async function measure(service: Child, url: string, input: Input): Promise<Figure[]> {
  const take = (): Promise<Sample> => sample(service, url, input);
  const began = performance.now() / 1000;
  const saturation: Sample[] = [];
  while (performance.now() / 1000 - began < saturated.ignored + saturated.measured) {
    const now = await take();
    saturation.push(now);
    if (now.produced - now.processed < backlog) await input.send(2500);
    else await sleep(period);
  }
  const first = saturation.find(({ at }) => at - began > saturated.ignored)!;
  const capacity = paceBetween(first, saturation.at(-1)!);

  let flows = true;
  const overload: Sample[] = [];
  const pace = (): number => {
    const now = overload.at(-1);
    const from = overload.find(({ at }) => at > now!.at - recent);
    return from === undefined || from === now ? capacity : Math.max(capacity, paceBetween(from, now!));
  };
  const flow = input.flow(() => factor * pace(), overloaded).finally(() => (flows = false));
  await Promise.all([samplesWhile(take, () => flows, overload), flow]);
  const [start, end] = [overload[0]!, overload.at(-1)!];
  const caughtUp = await samplesWhile(take, ({ processed, lag }) => processed < input.produced || lag > 0);
  const last = caughtUp.at(-1)!;

  const memoryOf = (samples: readonly Sample[]): number =>
    median(samples.map(({ memory }) => memory)) / 2 ** 20;
  const figure = (name: string, value: number, unit: string, peer: string, peerValue: number): Figure => ({
    name,
    value,
    unit,
    peer: `${peer} ${peerValue.toFixed(0)}`,
    ratio: peerValue / value,
  });
  const inputPace = (end.produced - start.produced) / (end.at - start.at);
  const waiting = end.produced - end.processed;
  const quarter = Math.floor(overload.length / 4);
  const most = Math.max(...[...overload, ...caughtUp].map(({ memory }) => memory)) / 2 ** 20;
  const ours = [...overload, ...caughtUp];
  return [
    figure("overload_pace", paceBetween(start, end), "records/s", "input, records/s:", inputPace),
    figure("overload_lag_at_the_end", waiting, "records", "as /metrics tells it:", end.lag),
    figure(
      "overload_memory_last_quarter",
      memoryOf(overload.slice(-quarter)),
      "MiB",
      "first quarter:",
      memoryOf(overload.slice(0, quarter)),
    ),
    figure("overload_memory_most", most, "MiB", "median, catching up included:", memoryOf(ours)),
    figure(
      "overload_catch_up",
      last.at - end.at,
      "s",
      "records that waited ÷ pace meanwhile:",
      waiting / paceBetween(start, end),
    ),
    figure("overload_forecasts", last.processed, "", "records produced:", input.produced),
  ];
}

/** Two partitions of 100 keys each and a large model; the pace is measured first, in the same run. */
export async function benchOverload(broker: TestBroker): Promise<Figure[]> {
  const topic = broker.name("bench-input");
  await broker.createTopic(topic, { partitions });
  const { bootstrapServers, applicationId, topics } = await outputTopics(broker, topic, partitions);
  const settings = {
    applicationId,
    kafka: { bootstrapServers: [...bootstrapServers] },
    topics,
    decode,
    model,
    server: { enabled: true, port: 0 },
  };
  const producer = createClient({ bootstrapServers }, patientRetry).producer({
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  try {
    const service = startService(settings);
    for (let partition = 0; partition < partitions; partition++) {
      await service.line(new RegExp(`"event":"live",.*"partition":${partition},`));
    }
    const { url } = logged(service, "serving")[0] as { url: string };
    return await measure(service, url, new Input(producer, topic));
  } finally {
    await endChildren();
    await producer.disconnect();
  }
}
