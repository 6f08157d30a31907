/** Connects to the server's events. Reconnects by itself and pauses while the page is hidden. */
import type { Frame } from "../wire.js";

export type Connection = "connecting" | "live" | "lost";

export interface StreamHandlers {
  /** A snapshot replaces all data; an increment adds to them. */
  frame(frame: Frame, snapshot: boolean): void;
  connection(state: Connection): void;
}

const firstPause = 500;
const longestPause = 5000;
/** Three heartbeats without a word. */
const longestSilence = 15_000;

export class FrameStream {
  readonly #handlers: StreamHandlers;
  #source: EventSource | null = null;
  #selected = 0;
  #pause = firstPause;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(handlers: StreamHandlers) {
    this.#handlers = handlers;
    // A browser grants few connections to a host: pages in the background give theirs back.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#close();
      else this.#open();
    });
    this.#handlers.connection("connecting");
    if (!document.hidden) this.#open();
  }

  /** Asks for the detail of the series with this id from now on. */
  select(id: number): void {
    this.#selected = id;
    this.#open();
  }

  #open(): void {
    this.#close();
    const source = new EventSource(`/events?series=${this.#selected}`);
    this.#source = source;
    source.addEventListener("snapshot", (event) => this.#receive(event, true));
    source.addEventListener("increment", (event) => this.#receive(event, false));
    source.addEventListener("heartbeat", () => this.#heard());
    // The browser's own retry gives up for good on an answer other than 200: ours does not.
    source.addEventListener("error", () => this.#lose());
    this.#listenForSilence();
  }

  #receive(event: MessageEvent, snapshot: boolean): void {
    this.#heard();
    this.#handlers.frame(JSON.parse(event.data as string) as Frame, snapshot);
  }

  #heard(): void {
    this.#pause = firstPause;
    this.#handlers.connection("live");
    this.#listenForSilence();
  }

  #listenForSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lose(), longestSilence);
  }

  #lose(): void {
    this.#close();
    this.#handlers.connection("lost");
    this.#retry = setTimeout(() => this.#open(), this.#pause);
    this.#pause = Math.min(longestPause, this.#pause * 2);
  }

  #close(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#source?.close();
    this.#source = null;
  }
}
