// A program of this package as a child process: its lines as they come, and how it ended.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Child {
  /** Process id. */
  readonly pid: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** Resolves with the exit code and all that was written, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** The first line of either stream, those of the past included, that a pattern matches. Rejects when there is none. */
  line(pattern: RegExp): Promise<string>;
  /** Sends a signal and returns `ended`. */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const children = new Set<Child>();

/** Starts Node with these arguments in the root of the package. */
export function startNode(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watchers = new Set<() => void>();
  const notify = (): void => watchers.forEach((watch) => watch());
  const out = linesOf(child.stdout, notify);
  const err = linesOf(child.stderr, notify);
  let over = false;
  const ended = once(child, "close").then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    over = true;
    children.delete(started);
    notify();
    return (code ?? signal)!;
  });
  const started: Child = {
    pid: child.pid!,
    out,
    err,
    ended,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const found = [...out, ...err].find((line) => pattern.test(line));
          if (found === undefined && !over) return;
          watchers.delete(watch);
          if (found !== undefined) resolve(found);
          else reject(new Error(`no line matches ${pattern}:\n${[...out, ...err].slice(-40).join("\n")}`));
        };
        watchers.add(watch);
        watch();
      }),
    end: (signal = "SIGTERM") => {
      child.kill(signal);
      return ended;
    },
  };
  children.add(started);
  return started;
}

/** For `afterEach`: ends what a failed test left behind. */
export async function endChildren(): Promise<void> {
  await Promise.all([...children].map((child) => child.end("SIGKILL")));
}

function linesOf(stream: NodeJS.ReadableStream, notify: () => void): readonly string[] {
  const lines: string[] = [];
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const pieces = (rest + text).split("\n");
    rest = pieces.pop()!;
    lines.push(...pieces);
    notify();
  });
  stream.on("end", () => {
    if (rest !== "") lines.push(rest);
  });
  return lines;
}
