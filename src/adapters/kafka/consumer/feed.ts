/**
 * Buffers one partition between the consumer, which pushes, and its reader, which pulls. The buffer is bounded: a full feed
 * pauses the partition instead of blocking the consumer's loop, which also sends the heartbeats.
 */
import type { InputBatch, InputRecord } from "../../../pipeline/ports.js";

/** Controls of the consumer that a feed uses. */
export interface FeedControls {
  /** The next fetch begins here; what an earlier one still brings is thrown away. */
  seek(offset: number): void;
  pause(): void;
  resume(): void;
}

/** Approximate memory of a record beyond key, value and headers, and of a header beyond name and value, in bytes. */
const recordOverhead = 64;
const headerOverhead = 128;

export class Feed {
  readonly #controls: FeedControls;
  readonly #limit: number;
  #records: InputRecord[] = [];
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

  /** Offset at which the next fetch begins. */
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

  /** Takes the end offset of the partition from a source other than a fetch. */
  hear(endOffset: number): void {
    this.#endOffset = Math.max(this.#endOffset, endOffset);
  }

  /** Takes fetched records. Records below the position were fetched before a seek and are known already. */
  push(records: readonly InputRecord[], nextOffset: number, endOffset: number): void {
    if (this.#closed) return;
    const from = this.#position;
    for (const record of records) {
      if (record.offset < from) continue;
      this.#records.push(record);
      this.#bytes += bytesOf(record);
    }
    this.#advance(nextOffset, endOffset);
    if (this.#bytes >= this.#limit && !this.#paused) {
      this.#paused = true;
      this.#controls.pause();
    }
    this.#notify();
  }

  /**
   * Moves past offsets without readable records. Unlike for records, kafkajs does not say whether they were fetched before
   * the last seek. But kafkajs reports them in the same turn of the event loop as their fetch, so reports in the turn of the seek
   * are from before the seek.
   */
  skip(nextOffset: number, endOffset: number): void {
    if (this.#closed || this.#seeking) return;
    this.#advance(nextOffset, endOffset);
    this.#notify();
  }

  /** Seeks to the position again, because kafkajs forgets it whenever it joins its group. */
  reseek(): void {
    if (this.#closed) return;
    this.#seek();
    if (!this.#paused) this.#controls.resume();
  }

  /**
   * Waits for new records, then takes all of them. One reader at a time.
   *
   * @returns Undefined once the feed is closed.
   * @throws The error with which the feed was closed.
   */
  async take(): Promise<InputBatch | undefined> {
    while (!this.#closed && this.#position === this.#taken) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) return undefined;
    const batch = { records: this.#records, nextOffset: this.#position, endOffset: this.#endOffset };
    this.#records = [];
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
    this.#records = [];
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

/** Memory that a record takes, about: many empty headers take far more than their bytes in the log. */
function bytesOf({ key, value, headers }: InputRecord): number {
  let bytes = recordOverhead + (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += headerOverhead + header.name.length + header.value.length;
  return bytes;
}
