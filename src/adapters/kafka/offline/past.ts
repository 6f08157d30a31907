/** Reads the history of one partition from the topics, also while the service runs. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { InputBatch, OutputRecord } from "../../../pipeline/ports.js";
import { PastState, type RecordedState } from "../../../pipeline/state/state-records.js";
import { withAdmin } from "../admin/admin.js";
import { kafkaDefaults } from "../defaults.js";
import { brokerError } from "../errors.js";
import { topicIds } from "../kafkajs/topic-ids.js";
import { distinctOwners, OwnerReader, recreatedInput, refuseForeign, type StateOwner } from "../owner.js";
import type { Feed } from "../source/feed.js";
import type { KafkaOptions } from "../options.js";
import { toInputBatch } from "../source/records.js";
import { readUpTo, requireReadable } from "../source/restore.js";
import { partitionWatermarks } from "../admin/topics.js";
import { EphemeralConsumer } from "./ephemeral-consumer.js";

/**
 * Whether the forecasts topic has a forecast: to the byte; the same fields and numbers in other bytes, as another release
 * wrote them; another forecast; one of its timestamp alone, of another key, time or value; none, though it reaches back that
 * far; or none, for it no longer does.
 */
export type Written = "same" | "equal" | "differs" | "changed" | "absent" | "gone";

/**
 * Every method reads its topic anew, as a member of a group that is deleted in the end. All throw TOPIC_MISSING,
 * BROKER_UNREACHABLE, RESTORE_STALLED, and SETTING_INVALID for a partition that there is not.
 */
export class KafkaPast {
  readonly #options: KafkaOptions;
  readonly #partition: number;

  constructor(options: KafkaOptions, partition: number) {
    this.#options = options;
    this.#partition = partition;
  }

  /**
   * The state of the latest snapshot that stands for no more than an offset, where the topic still has all of it. Throws
   * STATE_FOREIGN and TOPIC_RECREATED too.
   */
  async stateAt(offset: number): Promise<RecordedState | undefined> {
    const { applicationId, topics } = this.#options;
    const past = new PastState(offset);
    const reader = new OwnerReader();
    const owners = new Map<string, StateOwner | undefined>();
    for await (const { messages } of this.#read(topics.state)) {
      for (const message of messages) {
        requireReadable(message, topics.state);
        const { key, value, headers } = message;
        if (key === null) continue;
        const name = key.toString("utf8");
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
    return past.read();
  }

  /** The input from an offset on, to what is its end now. Throws HISTORY_MISSING where it no longer reaches back. */
  async *input(from: number | undefined): AsyncGenerator<InputBatch> {
    const { input } = this.#options.topics;
    const checkedFrom = ({ low }: { readonly low: number }): number => {
      if (from === undefined ? low === 0 : from >= low) return from ?? low;
      throw new UndercurrentError(
        "HISTORY_MISSING",
        `topic ${input}, partition ${this.#partition} begins at offset ${low}, where ${from === undefined ? "no snapshot is that old, and a replay begins with the first record" : `the snapshot stands for ${from}`}`,
      );
    };
    for await (const batch of this.#read(input, checkedFrom)) yield toInputBatch(batch);
  }

  /** Looks for a forecast by its key, timestamp, and the time and value that it says. */
  async find({ key, value, timestamp }: OutputRecord): Promise<Written> {
    const { forecasts } = this.#options.topics;
    const head = headOf(value);
    let written: Written = "gone";
    const begins = ({ low }: { readonly low: number }): number => {
      if (low === 0) written = "absent";
      return low;
    };
    for await (const { messages } of this.#read(forecasts, begins)) {
      for (const message of messages) {
        const time = Number(message.timestamp);
        if (time <= timestamp && written === "gone") written = "absent";
        if (time !== timestamp) continue;
        const found = sameBytes(message.key, key) ? compared(message.value, value, head) : "changed";
        if (found === "same") return found;
        if (likeness.indexOf(found) < likeness.indexOf(written)) written = found;
      }
    }
    return written;
  }

  async *#read(
    topic: string,
    from: (marks: { readonly low: number }) => number = ({ low }) => low,
  ): AsyncGenerator<Awaited<ReturnType<Feed["take"]>> & object> {
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

/** From the best that can be found. */
const likeness: readonly Written[] = ["same", "equal", "differs", "changed", "absent", "gone"];

/** How like two messages of one key and timestamp are. */
function compared(found: Uint8Array | null, value: Uint8Array | null, head: string): Written {
  if (sameBytes(found, value)) return "same";
  if (headOf(found) !== head) return "changed";
  return sameFields(found, value) ? "equal" : "differs";
}

/** Of a forecast message, what it says of the record that it was made from. */
function headOf(value: Uint8Array | null): string {
  try {
    const { time, value: said } = JSON.parse(Buffer.from(value ?? []).toString()) as Record<string, unknown>;
    return JSON.stringify([time, said]);
  } catch {
    return "";
  }
}

/** Whether two messages say the same, whatever the text of their numbers. */
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
