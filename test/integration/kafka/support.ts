// A pipeline's topics on the test broker, and the ports of one or more instances on them.
import { lastValueFrom, takeWhile, tap, timeout, type Subscription } from "rxjs";
import { kafkaPorts, type KafkaOptions, type KafkaPorts } from "../../../src/adapters/kafka/index.js";
import type { TakenOver, TaskEvent } from "../../../src/pipeline/events.js";
import type { Assignment, Commit, InputBatch, OutputRecord } from "../../../src/pipeline/ports.js";
import { run, type RunOptions } from "../../../src/pipeline/run.js";
import { broker } from "../../support/broker.js";
import { testedClient } from "../../support/tested-client.js";

/** Names of an application's topics, none of which exists. */
export function topicNames(
  application: string,
): Required<Omit<KafkaOptions["topics"], "candidate" | "candidateIncidents" | "feedback">> {
  return {
    input: `${application}-input`,
    forecasts: `${application}-forecasts`,
    state: `${application}-state`,
    incidents: `${application}-incidents`,
    deadLetters: `${application}-dead`,
  };
}

export async function createTopics(
  partitions = 1,
  settings: Partial<KafkaOptions> = {},
): Promise<KafkaOptions> {
  const application = broker.name("app");
  const topics = topicNames(application);
  await broker.createTopics({
    [topics.input]: { partitions },
    [topics.forecasts]: { partitions },
    [topics.state]: { partitions, settings: { "cleanup.policy": "compact" } },
    [topics.incidents]: { partitions },
    [topics.deadLetters]: { partitions },
  });
  return {
    bootstrapServers: broker.brokers,
    applicationId: application,
    topics,
    fetchMaxWaitMs: 50,
    sessionTimeoutMs: 10_000,
    ...testedClient,
    ...settings,
  };
}

/** A member of the group, with the assignments that it was given. */
export interface Instance extends KafkaPorts {
  readonly assignments: Assignment[];
  readonly errors: unknown[];
  /** The next assignment, or the first that came before anyone asked. */
  next(): Promise<Assignment>;
  /** Releases everything and leaves. */
  leave(): Promise<void>;
}

const instances = new Set<Instance>();

export function startInstance(options: KafkaOptions): Instance {
  const ports = kafkaPorts(options);
  const assignments: Assignment[] = [];
  const errors: unknown[] = [];
  let taken = 0;
  let wake: (() => void) | undefined;
  const subscription: Subscription = ports.source.assignments.subscribe({
    next: (assignment) => {
      assignments.push(assignment);
      wake?.();
    },
    error: (error: unknown) => {
      errors.push(error);
      wake?.();
    },
  });
  const instance: Instance = {
    ...ports,
    assignments,
    errors,
    async next() {
      while (assignments.length <= taken) {
        if (errors.length > 0) throw errors[0];
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return assignments[taken++]!;
    },
    async leave() {
      instances.delete(instance);
      subscription.unsubscribe();
      await Promise.all(assignments.map((assignment) => assignment.release()));
      await ports.closed();
    },
  };
  instances.add(instance);
  return instance;
}

/** For `afterEach`: a member that a failed test left behind would slow down every one that follows. */
export async function leaveAll(): Promise<void> {
  await Promise.all([...instances].map((instance) => instance.leave()));
}

/**
 * Runs the pipeline until all of so many partitions are committed up to an offset, and abandons it: there is no last
 * snapshot, as after a crash, but the group is left at once. What each partition was taken over with.
 */
export async function runTo(
  kafka: KafkaOptions,
  offset: number,
  options: RunOptions,
  partitions = 1,
): Promise<TakenOver[]> {
  const ports = kafkaPorts(kafka);
  const events: TaskEvent[] = [];
  const arrived = new Set<number>();
  try {
    await lastValueFrom(
      run(ports.source, ports.committer, options).pipe(
        tap((event) => {
          events.push(event);
          if (event.type === "committed" && event.offset >= offset) arrived.add(event.partition);
        }),
        takeWhile(() => arrived.size < partitions),
        timeout({ each: 60_000 }),
      ),
      { defaultValue: undefined },
    );
  } finally {
    await ports.closed();
  }
  return events.filter((event) => event.type === "taken-over");
}

export const never = new AbortController().signal;

export const record = (key: string, value: string): OutputRecord => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  headers: [],
  timestamp: -1,
});

export const commitOf = (parts: Partial<Commit>): Commit => ({
  forecasts: [],
  incidents: [],
  deadLetters: [],
  routed: [],
  snapshot: undefined,
  offset: 0,
  ...parts,
});

/** Reads until `count` records have come. */
export async function readRecords(
  assignment: Assignment,
  from: number,
  count: number,
): Promise<{ values: string[]; nextOffset: number }> {
  const values: string[] = [];
  let nextOffset = from;
  for await (const batch of assignment.read(from, never)) {
    values.push(...textOf(batch));
    ({ nextOffset } = batch);
    if (values.length >= count) break;
  }
  return { values, nextOffset };
}

export const textOf = (batch: InputBatch): string[] =>
  batch.records.map(({ value }) => Buffer.from(value!).toString());

export const codeOf = (error: unknown): string => (error as { code: string }).code;

/** The code of the error that a promise rejects with. */
export const rejection = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => "no error", codeOf);
