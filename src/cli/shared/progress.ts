/** A progress bar over files, shown on a terminal only and on standard error only. */
import { SingleBar } from "cli-progress";
import { statSync } from "node:fs";

export interface Progress {
  /** Takes the bytes of a file that have been read so far. */
  update(file: string, bytes: number): void;
  stop(): void;
}

/** Without a terminal, or with an input whose size is unknown, nothing is shown. */
export function fileProgress(files: readonly string[]): Progress {
  if (!process.stderr.isTTY || files.includes("-")) return { update: () => undefined, stop: () => undefined };
  const total = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const bar = new SingleBar({
    format: "{bar} {percentage} % | {duration_formatted} | {eta_formatted} left",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(total, 0);
  let done = 0;
  const seen = new Map<string, number>();
  return {
    update: (file, bytes) => {
      // The same file may be named twice: it then starts again from 0.
      const before = seen.get(file) ?? 0;
      done += bytes >= before ? bytes - before : bytes;
      seen.set(file, bytes);
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}
