/**
 * One topic partition between the consumer, which pushes, and its reader, which pulls: what was fetched ahead is bounded,
 * and a full feed pauses the partition instead of blocking the consumer's loop, which also sends the heartbeats.
 */
import type { KafkaMessage } from "kafkajs";

/** Everything that was fetched since the last time the reader asked. */
export interface FeedBatch {
  readonly messages: readonly KafkaMessage[];
  /** Behind the last message, and behind control records and compacted ones that follow it. */
  readonly nextOffset: number;
  /** Offset of the next record that the partition will get, as last heard. */
  readonly endOffset: number;
}

/** What a feed asks of the consumer. */
export interface FeedControls {
  /** The next fetch begins here; what an earlier one still brings is thrown away. */
  seek(offset: number): void;
  pause(): void;
  resume(): void;
}

/** Bytes in memory of a message beside its key, value and headers, and of a header beside its name and value, about. */
const messageOverhead = 64;
const headerOverhead = 128;

export class Feed {
  readonly #controls: FeedControls;
  readonly #limit: number;
  #messages: KafkaMessage[] = [];
  #bytes = 0;
  #position: number;
  #taken: number;
  #endOffset: number;
  #paused = false;
  /** Whether this is the turn of the event loop in which the client was last told to seek. */
  #seeking = false;
  #closed = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** Begins to fetch at an offset; `limit` is the bytes fetched ahead at which the partition is paused. */
  constructor(controls: FeedControls, from: number, limit: number) {
    this.#controls = controls;
    this.#limit = limit;
    this.#position = from;
    this.#taken = from;
    this.#endOffset = from;
    this.#seek();
    controls.resume();
  }

  /** Where the next fetch has to begin. */
  get position(): number {
    return this.#position;
  }

  /** Offset of the next record that the partition will get, as last heard. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Whether nothing is fetched until the reader asks again: whatever comes meanwhile is not heard of here. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Hears of the end of the partition by other means than a fetch. */
  hear(endOffset: number): void {
    this.#endOffset = Math.max(this.#endOffset, endOffset);
  }

  /** Takes what was fetched. Messages below the position were fetched before a seek, and are known already. */
  push(messages: readonly KafkaMessage[], nextOffset: number, endOffset: number): void {
    if (this.#closed) return;
    const from = this.#position;
    for (const message of messages) {
      if (Number(message.offset) < from) continue;
      this.#messages.push(message);
      this.#bytes += bytesOf(message);
    }
    this.#advance(nextOffset, endOffset);
    if (this.#bytes >= this.#limit && !this.#paused) {
      this.#paused = true;
      this.#controls.pause();
    }
    this.#notify();
  }

  /**
   * Moves over offsets that hold nothing to read. The client tells of them without saying whether they were fetched
   * before the last seek, as it does of messages; from the fetch to the telling it lets no other turn of the event loop
   * pass, so that whatever is told in the turn of the seek is from before.
   */
  skip(nextOffset: number, endOffset: number): void {
    if (this.#closed || this.#seeking) return;
    this.#advance(nextOffset, endOffset);
    this.#notify();
  }

  /** Begins again at the position: the client forgets where it stood whenever it joins its group anew. */
  reseek(): void {
    if (this.#closed) return;
    this.#seek();
    if (!this.#paused) this.#controls.resume();
  }

  /**
   * Waits for anything new, then takes all of it. One reader at a time.
   *
   * @returns undefined once the feed is closed; throws what it was closed with
   */
  async take(): Promise<FeedBatch | undefined> {
    while (!this.#closed && this.#position === this.#taken) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) return undefined;
    const batch = { messages: this.#messages, nextOffset: this.#position, endOffset: this.#endOffset };
    this.#messages = [];
    this.#bytes = 0;
    this.#taken = this.#position;
    if (this.#paused) {
      this.#paused = false;
      this.#controls.resume();
    }
    return batch;
  }

  /** Ends the feed and pauses the partition; a reader that waits is woken. */
  close(failure?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = failure;
    this.#messages = [];
    this.#controls.pause();
    this.#notify();
  }

  #seek(): void {
    this.#controls.seek(this.#position);
    this.#seeking = true;
    setImmediate(() => (this.#seeking = false));
  }

  #advance(nextOffset: number, endOffset: number): void {
    this.#position = Math.max(this.#position, nextOffset);
    this.#endOffset = Math.max(this.#endOffset, endOffset);
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** Memory that a message takes, about: many empty headers take far more than their bytes in the log. */
function bytesOf({ key, value, headers }: KafkaMessage): number {
  let bytes = messageOverhead + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    const values = headers[name];
    bytes += name.length;
    if (!Array.isArray(values)) bytes += headerOverhead + (values?.length ?? 0);
    else for (const one of values) bytes += headerOverhead + one.length;
  }
  return bytes;
}
