/** The command `pipe`: reads observations as JSON lines and writes forecasts as JSON lines. */
import { Command } from "commander";
import { ForecastLineWriter, rejectionLine } from "../adapters/files/json-lines.js";
import type { LineReader, LineReadings } from "../adapters/files/line-records.js";
import { LineSplitter, type Line } from "../adapters/files/lines.js";
import { openText } from "../adapters/files/open.js";
import { TextOutput } from "../adapters/files/text-output.js";
import { UndercurrentError, type ErrorCode } from "../errors/errors.js";
import {
  appendObservation,
  setFeatures,
  forecastColumns,
  observationColumns,
  type ForecastColumns,
} from "../forecast/columns.js";
import { Forecaster } from "../forecast/forecaster.js";
import { windowedColumns, type WindowedColumns } from "../forecast/windows/windowed-columns.js";
import type { MessageWriter } from "../pipeline/encode/message.js";
import { assertApart } from "./backtest/apart.js";
import { lineReader, type DecodeFlags } from "./shared/decode/decoding.js";
import { loadEngine } from "./shared/engine.js";
import { addMemberOptions, addTimeOptions, assertForm, type TimeFlags } from "./backtest/form-options.js";
import {
  addConfigOption,
  addFeaturesOption,
  addForecasterOptions,
  addWindowOptions,
  settingsFromFlags,
  withConfig,
  type ForecasterFlags,
} from "./shared/options.js";
import { lineMessages } from "./shared/line-messages.js";
import { stopSignal } from "./shared/signals.js";

const batchSize = 1024;

const notes = `
Input, one message per line: {"key": "pump-7", "time": "2026-03-01T10:00:05Z", "value": 41.2}
  time    ISO 8601 (UTC if it has no zone) or an epoch number; without --time-unit the first number decides the
          unit, a line {"notice"} on standard error reports seconds, microseconds or nanoseconds, and later
          numbers in another unit are rejected
  value   a number; null, an absent field, or a text such as NaN, NULL or n/a is a missing value; a line {"notice"}
          names the members of the first line without the field
  Further fields are ignored, except those of --features: numbers that help to forecast the next value.
  --key, --time and --value name other members. With decode in the configuration of -c, a line is the value of a record and is read as
  decode says, as run reads the topic: a line may then hold several observations. Its member --key is the record's key, and without
  decode.time its member --time the time.

Output, one message per observation; unknown fields are null:
  key, time, value
  yhat, yhat_lower, yhat_upper, yhat_time   forecast of the key's next value, its interval and its expected time
  expected                                  earlier forecast of this value
  anomaly_score                             above 1 is anomalous
  model                                     model and version of its weights
  intervals   with several --interval-levels: level, lower and upper of each, also in the steps of the horizon
  horizon     with --horizon N: step, yhat, yhat_lower, yhat_upper and yhat_time of the steps 2 to N
Forecasts are written as soon as the input pauses. With -c, encode.fields chooses, renames and orders the fields, and encode.format may
be connect-json. Topic, partition and offset are left out, and other formats become JSON; a line {"notice"} says so.

Windows: with --every, or aggregate in the configuration, each line is an event, and the output has one message per key
and window. A window closes when an event is newer than its end by --grace; windows that are open at the end are left out.

A rejected line changes no forecast. Standard error reports the line as {"code", "line", "message"} and ends with the
counts {"events", "rejected", "rejections"}, with windows also {"observations"}. The exit code is 3 if every line was rejected, and 0 otherwise. SIGINT or
SIGTERM ends the input: every line read so far gets its answer.`;

export function pipeCommand(): Command {
  const command = new Command("pipe").description(
    "forecast JSON lines from standard input to standard output",
  );
  addConfigOption(command);
  addWindowOptions(command);
  addMemberOptions(command);
  addTimeOptions(command);
  addFeaturesOption(command, "fields");
  return addForecasterOptions(command).addHelpText("after", notes).action(pipe);
}

async function pipe(given: ForecasterFlags & TimeFlags & DecodeFlags, command: Command): Promise<void> {
  const flags = withConfig(given, command);
  assertForm(flags);
  const settings = settingsFromFlags(flags);
  const tell = (notice: string): void => void process.stderr.write(`${JSON.stringify({ notice })}\n`);
  assertApart({ inputs: ["-"], outputs: [] });
  const forecaster = new Forecaster(settings, await loadEngine(flags.engine));
  const read = await lineReader(flags, settings, tell);
  const stage = new PipeStage(forecaster, lineMessages(forecaster, flags, tell), read);
  const lines = new LineSplitter();
  for await (const piece of openText("-", { signal: stopSignal(), encoding: flags.encoding })) {
    for (const line of lines.push(piece)) await stage.take(line);
    await stage.flush();
  }
  for (const line of lines.end()) await stage.take(line);
  await stage.close();
}

/** Forecasts lines in batches. No forecast depends on how lines are cut into batches. */
class PipeStage {
  readonly #forecaster: Forecaster;
  readonly #output = TextOutput.toStandardOutput();
  readonly #writer: ForecastLineWriter;
  readonly #read: LineReader;
  readonly #observations: ReturnType<typeof observationColumns>;
  readonly #windows: WindowedColumns | undefined;
  #forecasts: ForecastColumns;
  readonly #rejections = new Map<ErrorCode, number>();
  #events = 0;
  #skipped = 0;
  #observed = 0;

  constructor(forecaster: Forecaster, messages: MessageWriter, read: LineReader) {
    this.#forecaster = forecaster;
    this.#read = read;
    this.#windows = windowedColumns(forecaster);
    this.#observations = observationColumns(batchSize, forecaster.settings.featureCount);
    const { horizon, intervalLevels: levels } = forecaster.settings;
    this.#forecasts = forecastColumns(batchSize, horizon, levels);
    this.#writer = new ForecastLineWriter(this.#output, messages);
  }

  /** Takes one line, which may hold several observations. Blank lines are skipped. */
  async take(line: Line): Promise<void> {
    if (line.text?.trim() === "") return;
    try {
      const { readings, refused } = this.#read(line);
      for (const { error } of refused) this.#reject(line, error);
      for (const reading of readings) {
        this.#observe(reading);
        this.#events++;
        if (this.#rows.count >= batchSize) await this.flush();
      }
    } catch (error) {
      this.#reject(line, error);
    }
  }

  #observe({ key, time, value, features }: LineReadings["readings"][number]): void {
    if (this.#windows === undefined) {
      appendObservation(this.#observations, this.#forecaster.slotOf(key), time, value);
      setFeatures(this.#observations, features);
    } else {
      this.#windows.take(key, time, value, features);
    }
  }

  /** Counts and tells what is refused; what the settings leave out is counted alone. */
  #reject(line: Line, error: unknown): void {
    if (!(error instanceof UndercurrentError) || ending.has(error.code)) throw error;
    if (error.code === "RECORD_SKIPPED") {
      this.#skipped++;
      return;
    }
    this.#rejections.set(error.code, (this.#rejections.get(error.code) ?? 0) + 1);
    process.stderr.write(rejectionLine(line.number, error.code, error.message));
  }

  /** Forecasts the lines taken so far and writes the forecasts. */
  async flush(): Promise<void> {
    const rows = this.#rows;
    const { count } = rows;
    if (count === 0) return;
    if (count > this.#forecasts.slots.length) {
      const { horizon, intervalLevels: levels } = this.#forecaster.settings;
      this.#forecasts = forecastColumns(count, horizon, levels);
    }
    this.#forecaster.observe(rows, this.#forecasts);
    rows.count = 0;
    const keyOf = (slot: number): string => this.#forecaster.keyOf(slot);
    this.#writer.write({ count, columns: this.#forecasts, keyOf });
    this.#observed += count;
    this.#output.flush();
    await this.#output.drained();
  }

  /** Observations that wait to be forecast: lines, or windows that closed. */
  get #rows(): ReturnType<typeof observationColumns> {
    return this.#windows?.columns ?? this.#observations;
  }

  /** Writes the last forecasts and the counts. Throws INPUT_EMPTY if every line was rejected. */
  async close(): Promise<void> {
    await this.flush();
    await this.#output.close();
    const rejected = [...this.#rejections.values()].reduce((sum, count) => sum + count, 0);
    const rejections = Object.fromEntries(this.#rejections);
    const observations = this.#windows && this.#observed;
    const skipped = this.#skipped === 0 ? undefined : this.#skipped;
    const counts = { events: this.#events, observations, rejected, rejections, skipped };
    process.stderr.write(`${JSON.stringify(counts)}\n`);
    this.#forecaster.dispose();
    if (this.#events === 0 && rejected > 0) {
      const isJson = this.#rejections.size > 1 || !this.#rejections.has("ROW_UNREADABLE");
      throw new UndercurrentError(
        "INPUT_EMPTY",
        isJson
          ? "standard input: every line was rejected"
          : "standard input: no line is a JSON object, which pipe reads; for CSV there is backtest",
      );
    }
  }
}

/** Errors that end the command, because no line caused them. */
const ending: ReadonlySet<ErrorCode> = new Set([
  "MEMORY_EXHAUSTED",
  "OUTPUT_UNWRITABLE",
  "FORECASTER_DISPOSED",
]);
