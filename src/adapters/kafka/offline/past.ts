/** Reads the history of one partition from the topics, also while the service runs. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { InputBatch, OutputRecord } from "../../../pipeline/ports.js";
import { PastState } from "../../../pipeline/state/state-records.js";
import type { ModelHistory } from "../../../pipeline/task/candidate/past-models.js";
import { withAdmin } from "../admin/admin.js";
import { kafkaDefaults } from "../defaults.js";
import { brokerError } from "../errors.js";
import { topicIds } from "../admin/topic-ids.js";
import { distinctOwners, OwnerReader, recreatedInput, refuseForeign, type StateOwner } from "../owner.js";
import type { KafkaOptions } from "../options.js";
import { readUpTo, requireReadable, textOf } from "../source/restore.js";
import { partitionWatermarks } from "../admin/topics.js";
import { EphemeralConsumer } from "../consumer/ephemeral-consumer.js";

/**
 * Compares a forecast with a topic of forecasts:
 *
 * - same: the topic holds the same bytes;
 * - equal: the same fields and numbers in other bytes, as another release writes them;
 * - differs: another forecast of the same record;
 * - changed: a forecast of the same timestamp with another key, time or value;
 * - absent: no forecast, although the topic holds records of this age;
 * - gone: the topic no longer holds records of this age.
 */
export type Written = "same" | "equal" | "differs" | "changed" | "absent" | "gone";

/**
 * Reads the past of one partition from its topics. Every method reads its topic from the start, in a consumer group that it
 * deletes at the end.
 *
 * All methods throw TOPIC_MISSING, BROKER_UNREACHABLE, RESTORE_STALLED, and SETTING_INVALID for a missing partition.
 */
export class KafkaPast {
  readonly #options: KafkaOptions;
  readonly #partition: number;

  constructor(options: KafkaOptions, partition: number) {
    this.#options = options;
    this.#partition = partition;
  }

  /**
   * Returns the state of the latest snapshot at or before an offset, undefined if the topic no longer holds all of its records, and
   * what followed it.
   *
   * @throws STATE_FOREIGN, TOPIC_RECREATED.
   */
  async historyAt(offset: number): Promise<ModelHistory> {
    const { applicationId, topics } = this.#options;
    const past = new PastState(offset);
    const reader = new OwnerReader();
    const owners = new Map<string, StateOwner | undefined>();
    for await (const { records } of this.#read(topics.state)) {
      for (const record of records) {
        requireReadable(record, topics.state);
        const { key, value, headers } = record;
        if (key === null) continue;
        const name = textOf(key);
        past.add(name, value && new Uint8Array(value));
        if (value === null) owners.delete(name);
        else owners.set(name, reader.read(headers));
      }
    }
    const found = distinctOwners(owners.values());
    const inputId = await withAdmin(this.#options, async (admin) =>
      (await topicIds(admin, [topics.input]))?.get(topics.input),
    );
    const owner = { application: applicationId, input: topics.input, partition: this.#partition, inputId };
    refuseForeign(found, owner, `topic ${topics.state}, partition ${this.#partition}`);
    const recreated = recreatedInput(owner, { owners: found, committed: undefined });
    if (recreated !== undefined) throw recreated;
    const state = past.read();
    return {
      state,
      candidate: past.readCandidate(state),
      feedback: past.appliedFrom(state?.offset ?? 0),
      roles: past.roles,
    };
  }

  /** Reads the input from an offset to its current end. Throws HISTORY_MISSING if the input begins later. */
  async *input(from: number | undefined): AsyncGenerator<InputBatch> {
    const { input } = this.#options.topics;
    const checkedFrom = ({ low }: { readonly low: number }): number => {
      if (from === undefined ? low === 0 : from >= low) return from ?? low;
      throw new UndercurrentError(
        "HISTORY_MISSING",
        `topic ${input}, partition ${this.#partition}: the input begins at offset ${low}, but the replay needs offset ${from ?? "0, because no earlier snapshot exists"}`,
      );
    };
    yield* this.#read(input, checkedFrom);
  }

  /** Looks for a forecast by key, timestamp, time and value, in this topic. */
  async find({ key, value, timestamp }: OutputRecord, topic: string): Promise<Written> {
    const head = headOf(value);
    let written: Written = "gone";
    const begins = ({ low }: { readonly low: number }): number => {
      if (low === 0) written = "absent";
      return low;
    };
    for await (const { records } of this.#read(topic, begins)) {
      for (const record of records) {
        const time = record.timestamp;
        if (time <= timestamp && written === "gone") written = "absent";
        if (time !== timestamp) continue;
        const found = sameBytes(record.key, key) ? compared(record.value, value, head) : "changed";
        if (found === "same") return found;
        if (likeness.indexOf(found) < likeness.indexOf(written)) written = found;
      }
    }
    return written;
  }

  async *#read(
    topic: string,
    from: (marks: { readonly low: number }) => number = ({ low }) => low,
  ): AsyncGenerator<InputBatch> {
    const partition = this.#partition;
    const origin = `topic ${topic}, partition ${partition}`;
    const consumer = new EphemeralConsumer(this.#options, topic, () => undefined);
    try {
      await consumer.begin();
      const marks = (await partitionWatermarks(consumer.admin, topic))[partition];
      if (marks === undefined) {
        throw new UndercurrentError("SETTING_INVALID", `topic ${topic} has no partition ${partition}`);
      }
      const begin = from(marks);
      if (begin >= marks.high) return;
      const { restoreStallMs = kafkaDefaults.restoreStallMs } = this.#options;
      yield* readUpTo(marks.high, consumer.feed(partition, begin), restoreStallMs, origin);
    } catch (error) {
      throw brokerError(error, origin);
    } finally {
      await consumer.end();
    }
  }
}

/** From the closest match to none. */
const likeness: readonly Written[] = ["same", "equal", "differs", "changed", "absent", "gone"];

/** Compares two messages of one key and timestamp. */
function compared(found: Uint8Array | null, value: Uint8Array | null, head: string): Written {
  if (sameBytes(found, value)) return "same";
  if (headOf(found) !== head) return "changed";
  return sameFields(found, value) ? "equal" : "differs";
}

/** Returns the fields of a forecast message that come from its input record: key, time and value. */
function headOf(value: Uint8Array | null): string {
  try {
    const {
      key,
      time,
      value: said,
    } = JSON.parse(Buffer.from(value ?? []).toString()) as Record<string, unknown>;
    return JSON.stringify([key, time, said]);
  } catch {
    return "";
  }
}

/** Returns whether two messages have the same fields and numbers, whatever the text of their numbers. */
export function sameFields(a: Uint8Array | null, b: Uint8Array | null): boolean {
  try {
    const [first, second] = [a, b].map((value) =>
      JSON.stringify(JSON.parse(Buffer.from(value ?? []).toString())),
    );
    return first === second;
  } catch {
    return false;
  }
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}
