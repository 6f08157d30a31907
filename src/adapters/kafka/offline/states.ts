/** Reads the states of a state topic, one partition at a time, also while the service runs. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { StateRecord } from "../../../pipeline/ports.js";
import {
  readState,
  StateOutline,
  type OutlinedState,
  type RecordedState,
} from "../../../pipeline/state/state-records.js";
import { kafkaDefaults } from "../defaults.js";
import { brokerError } from "../errors.js";
import type { KafkaOptions } from "../options.js";
import { distinctOwners, foreignOwner, OwnerReader, recreatedInput, type StateOwner } from "../owner.js";
import type { Feed } from "../consumer/feed.js";
import { topicIds } from "../admin/topic-ids.js";
import { readUpTo, restoreState, textOf, type Reading } from "../source/restore.js";
import { checkPartitions, committedPositions, partitionWatermarks } from "../admin/topics.js";
import { EphemeralConsumer } from "../consumer/ephemeral-consumer.js";

/** The durable facts of a partition other than its state. */
export interface StateStanding {
  readonly partition: number;
  /** Why a start must not use the state: STATE_FOREIGN or TOPIC_RECREATED. */
  readonly misfit: UndercurrentError | undefined;
  /** Id of the input topic of the state; undefined if the state does not name one. */
  readonly inputId: string | undefined;
  /** The committed input offset; undefined if none is committed. */
  readonly committed: number | undefined;
  /** Offsets of the input's first record, and of the next one it will get. */
  readonly earliest: number;
  readonly end: number;
}

/** A partition's state and its other durable facts. */
export interface PartitionStanding extends StateStanding {
  /** The latest record of each key; empty without a state. */
  readonly records: readonly StateRecord[];
  /** The state in the records; undefined without one; an error if the records are inconsistent. */
  readonly state: RecordedState | UndercurrentError | undefined;
}

/** A partition's state without its keys, and its other durable facts. */
export interface OutlineStanding extends StateStanding {
  /** Undefined without a state; an error if the records are inconsistent. */
  readonly state: OutlinedState | UndercurrentError | undefined;
}

/** Readings of a partition that is written to meanwhile before it is taken as it is. */
const mostReadings = 5;

/**
 * Reads the states of these partitions, or of all, in order. Holds one state in memory at a time. Committed offsets are read
 * after the state, so that a state is never newer than the committed offset.
 *
 * Throws SETTING_INVALID for a missing partition, TOPIC_MISSING, TOPIC_MISMATCH, RESTORE_STALLED and BROKER_UNREACHABLE.
 */
export function readStates(
  options: KafkaOptions,
  partitions?: readonly number[],
): AsyncGenerator<PartitionStanding> {
  return visitStates(options, partitions, async (feed, reading) => {
    const { records, owners } = await restoreState(feed, reading);
    const state = records.length === 0 ? undefined : attempt(() => readState(records));
    return { owners, found: { records, state } };
  });
}

/** Outlines the states of all partitions as `readStates` reads them, in little memory. Throws as that does. */
export function outlineStates(options: KafkaOptions): AsyncGenerator<OutlineStanding> {
  return visitStates(options, undefined, async (feed, { end, stallMs, origin }) => {
    const outline = new StateOutline();
    const reader = new OwnerReader();
    let owner: StateOwner | undefined;
    for await (const { records } of readUpTo(end, feed, stallMs, origin)) {
      for (const { key, value, headers } of records) {
        if (key === null) continue;
        owner = reader.read(headers) ?? owner;
        outline.add(textOf(key), value);
      }
    }
    return { owners: distinctOwners([owner]), found: { state: attempt(() => outline.read()) } };
  });
}

/** Returns the result of a function, or the UndercurrentError that it throws. */
function attempt<T>(read: () => T): T | UndercurrentError {
  try {
    return read();
  } catch (error) {
    if (error instanceof UndercurrentError) return error;
    throw error;
  }
}

/** Reads a partition of the state topic up to an end. */
type StateReader<Found> = (
  feed: Feed,
  reading: Reading,
) => Promise<{ readonly owners: readonly StateOwner[]; readonly found: Found }>;

async function* visitStates<Found extends { readonly state: unknown }>(
  options: KafkaOptions,
  partitions: readonly number[] | undefined,
  read: StateReader<Found>,
): AsyncGenerator<StateStanding & Found> {
  const { applicationId, topics } = options;
  let failure: Error | undefined;
  const consumer = new EphemeralConsumer(options, topics.state, (error) => (failure = error));
  try {
    const all = (await consumer.begin()).map(({ partition }) => partition);
    await checkPartitions(consumer.admin, topics);
    for (const partition of partitions ?? all) {
      if (failure !== undefined) throw failure;
      if (!all.includes(partition)) {
        throw new UndercurrentError("SETTING_INVALID", `topic ${topics.state} has no partition ${partition}`);
      }
      const { owners, found } = await readPartition(consumer, options, partition, read);
      const positions = await committedPositions(consumer.admin, applicationId, topics.input);
      const watermarks = await partitionWatermarks(consumer.admin, topics.input);
      const ids = await topicIds(consumer.admin, [topics.input]);
      const { low, high } = watermarks[partition]!;
      const committed = positions.get(partition);
      const inputId = ids?.get(topics.input);
      const owner = { application: applicationId, input: topics.input, partition, inputId };
      yield {
        ...found,
        partition,
        misfit: misfitOf(owner, owners, { state: topics.state, committed: committed?.inputId }),
        inputId: owners.find(({ inputId }) => inputId !== undefined)?.inputId,
        committed: committed?.offset,
        earliest: low,
        end: high,
      };
    }
  } catch (error) {
    throw brokerError(error, `reading topic ${topics.state}`);
  } finally {
    await consumer.end();
  }
}

/** Returns why the owner must not use a state of these owners; undefined if it may. */
function misfitOf(
  owner: StateOwner,
  owners: readonly StateOwner[],
  { state, committed }: { readonly state: string; readonly committed: string | undefined },
): UndercurrentError | undefined {
  return (
    foreignOwner(owners, owner, `topic ${state}, partition ${owner.partition}`) ??
    recreatedInput(owner, { owners, committed })
  );
}

/**
 * While the topic is read, a running service may commit a snapshot and the broker may compact the topic, so that the records
 * read are inconsistent. If the end did not move meanwhile, the inconsistency is real.
 */
async function readPartition<Found extends { readonly state: unknown }>(
  consumer: EphemeralConsumer,
  options: KafkaOptions,
  partition: number,
  read: StateReader<Found>,
): ReturnType<StateReader<Found>> {
  const { topics, restoreStallMs: stallMs = kafkaDefaults.restoreStallMs } = options;
  const origin = `topic ${topics.state}, partition ${partition}`;
  let before = -1;
  for (let reading = 1; ; reading++) {
    const { low, high } = (await partitionWatermarks(consumer.admin, topics.state))[partition]!;
    const result = await read(consumer.feed(partition, low), { end: high, stallMs, origin });
    const torn = result.found.state instanceof UndercurrentError;
    if (!torn || high === before || reading === mostReadings) return result;
    before = high;
  }
}

/**
 * Returns the state if it may be exported, also for a recreated input topic. Throws STATE_FOREIGN, and the reason if the
 * records are inconsistent.
 */
export function refuseUnusable({ misfit, state }: PartitionStanding): RecordedState | undefined {
  if (misfit?.code === "STATE_FOREIGN") throw misfit;
  if (state instanceof UndercurrentError) throw state;
  return state;
}
