/** Replays files batch by batch into a forecaster and an output file: what every kind of `backtest` shares. */
import { statSync } from "node:fs";
import { SingleBar } from "cli-progress";
import { readObservations } from "../../adapters/files/csv/csv-reader.js";
import { TextOutput } from "../../adapters/files/text-output.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import { windowedColumns } from "../../forecast/windows/windowed-columns.js";
import type { Rejection } from "../../pipeline/telemetry.js";
import { printNotice, type Rejections } from "../shared/rejections.js";
import { plainText } from "../shared/text.js";

/** Writes the rows of one output file. */
interface RowWriter {
  /** The first key or symbol of the file that a spreadsheet would run as a formula. */
  readonly formula: string | undefined;
}

export interface ReplayOptions {
  readonly files: readonly string[];
  /** Path of the output file, if there is one. */
  readonly out?: string | undefined;
  readonly rejections: Rejections;
}

/** One reading of the files. `hooks` go to the reader, `run` to the end of the files. */
export class Replay<Writer extends RowWriter = never> {
  readonly hooks: {
    readonly notice: (text: string) => void;
    readonly reject: (rejection: Rejection) => void;
    readonly progress: (file: string, bytes: number) => void;
  };
  /** Undefined without an output file. */
  readonly writer: Writer | undefined;
  readonly #out: string | undefined;
  readonly #output: TextOutput | undefined;
  readonly #rejections: Rejections;
  readonly #progress: Progress;

  constructor({ files, out, rejections }: ReplayOptions, writerFor?: (output: TextOutput) => Writer) {
    this.#out = out;
    this.#output = out === undefined ? undefined : TextOutput.toFile(out);
    this.writer = this.#output && writerFor?.(this.#output);
    this.#rejections = rejections;
    this.#progress = fileProgress(files);
    this.hooks = {
      notice: printNotice,
      reject: (rejection) => rejections.add(rejection),
      progress: (file, bytes) => this.#progress.update(file, bytes),
    };
  }

  /** Gives every batch to `take`, closes the output file, and prints the counts of the rejections. */
  async run<Batch>(batches: AsyncIterable<Batch>, take: (batch: Batch) => void): Promise<void> {
    try {
      for await (const batch of batches) {
        take(batch);
        await this.#output?.drained();
      }
      await this.#output?.close();
      warnOfFormula(this.#out, this.writer?.formula);
    } finally {
      this.#progress.stop();
      this.#rejections.summarise();
    }
  }
}

/** Reads files for several forecasters of the same keys and windows: a batch is for each of them. */
export function readForAll(
  forecasters: readonly [Forecaster, ...Forecaster[]],
  files: readonly string[],
  options: Omit<Parameters<typeof readObservations>[1], "slotOf" | "windows">,
): ReturnType<typeof readObservations> {
  // Slots are given in order of first use, so that a key has the same one in all.
  const slotOf = (key: string): number => forecasters.map((forecaster) => forecaster.slotOf(key))[0]!;
  return readObservations(files, { ...options, slotOf, windows: windowedColumns(forecasters[0], slotOf) });
}

/** Warns of the first cell of the output file that a spreadsheet would run as a formula. */
export function warnOfFormula(file: string | undefined, formula: string | undefined): void {
  if (file === undefined || formula === undefined) return;
  process.stderr.write(
    `warning: ${plainText(file)} contains ${JSON.stringify(plainText(formula, 60))}, which a spreadsheet may run as a formula; import the columns as text\n`,
  );
}

/** Shows how much of the files was read, on a terminal and on standard error only. */
interface Progress {
  /** Takes the bytes of a file that have been read so far. */
  update(file: string, bytes: number): void;
  stop(): void;
}

/** Creates a progress bar; without a terminal, or with an input of unknown size, nothing is shown. */
function fileProgress(files: readonly string[]): Progress {
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
