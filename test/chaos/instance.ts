/** One instance of the service: a process of the built command, followed by its log. */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Committed, TaskEvent } from "../../src/pipeline/events.js";

/** Arguments of Node.js that come before the configuration. */
export const runCommand = [fileURLToPath(new URL("../../dist/cli.js", import.meta.url)), "run", "-c"];

/** What a line of the log says of a task; every other line has another `event`. */
type LoggedEvent = { readonly event: TaskEvent["type"] | "memory" } & Omit<TaskEvent, "type"> &
  Record<string, unknown>;

/** Bytes of a process after a collection. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
  readonly arrays: number;
}

const lastLines = 40;

export class Instance {
  readonly name: string;
  /** Partitions that it has taken over, and those of them that it writes forecasts of. */
  readonly taken = new Set<number>();
  readonly live = new Set<number>();
  /** Sums over its life. */
  takeovers = 0;
  replayed = 0;
  commits = 0;
  /** The last lines of its log. */
  readonly log: string[] = [];
  /** What `report-memory` told last, and what the last commit of each of its partitions told. */
  memory: Memory | undefined;
  readonly states = new Map<number, { readonly keys: number; readonly bytes: number }>();
  /** Exit code or signal, once it has ended. */
  ended: number | NodeJS.Signals | undefined;
  /** Resolves when it has ended. */
  readonly exit: Promise<void>;
  readonly #child: ChildProcess;

  /** Starts Node.js with this command; `note` is told of its steps. */
  constructor(name: string, command: readonly string[], note: (what: string) => void) {
    this.name = name;
    this.#child = spawn(process.execPath, command, {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const orphan = (): void => void this.#child.kill("SIGKILL");
    process.once("exit", orphan);
    this.exit = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        process.off("exit", orphan);
        this.ended = signal ?? code ?? 0;
        this.taken.clear();
        this.live.clear();
        note(`${name} has ended: ${this.ended}`);
        resolve();
      });
    });
    createInterface({ input: this.#child.stderr! }).on("line", (line) => {
      this.log.push(line);
      if (this.log.length > lastLines) this.log.shift();
      if (line.startsWith("{")) this.#follow(JSON.parse(line) as LoggedEvent, note);
    });
  }

  /** kill -9: it has no chance to finish anything. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exit;
  }

  /** Stands still, as a machine that swaps or a process in a debugger; `resume` lets it go on as if nothing had been. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Asks it to end in order. */
  stop(): void {
    this.#child.kill("SIGTERM");
  }

  #follow(line: LoggedEvent, note: (what: string) => void): void {
    // Lines that were still in the pipe when it ended are of no partition any more.
    if (this.ended !== undefined) return;
    const { event, partition } = line;
    switch (event) {
      case "taken-over":
        this.takeovers++;
        this.taken.add(partition);
        note(`${this.name}/${partition} taken over: ${String(line["from"])} to ${String(line["liveFrom"])}`);
        break;
      case "live":
        this.replayed += Number(line["replayed"]);
        this.live.add(partition);
        note(`${this.name}/${partition} live: ${String(line["replayed"])} replayed`);
        break;
      case "memory":
        this.memory = line as unknown as Memory;
        break;
      case "committed":
        this.states.set(partition, line as unknown as Committed);
        this.commits++;
        break;
      case "restarting":
        this.live.delete(partition);
        note(`${this.name}/${partition} restarting: ${JSON.stringify(line["error"])}`);
        break;
      case "released":
        this.states.delete(partition);
        this.taken.delete(partition);
        this.live.delete(partition);
        note(`${this.name}/${partition} released: ${String(line["because"])}`);
        break;
      case "taking-over":
      case "replaying":
      case "retuned":
      case "promoted":
      case "already-live":
      case "promotion-refused":
      case "shared-key":
      case "local-times":
        break;
    }
  }
}
