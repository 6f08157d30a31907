/** Observations and forecasts as JSON lines: one message on each line, forecasts in the order of observations. */
import { UndercurrentError, type ErrorCode } from "../../errors/errors.js";
import { readKey } from "../../forecast/input.js";
import { jsonHint, parseJsonText } from "../../pipeline/decode/formats/json-text.js";
import { JsonText } from "../../pipeline/encode/json-text.js";
import type { MessageWriter } from "../../pipeline/encode/message.js";
import type { ForecastBatch } from "../../pipeline/telemetry.js";
import { longestLine, type Line } from "./lines.js";
import type { TextOutput } from "./text-output.js";
import { notUtf8Text, wasUtf8 } from "./encodings/utf8.js";

const lineBreak = Buffer.from("\n");

/** Bytes that are passed on at once, about. */
const pieceLength = 65_536;

/** An observation as in a message; a value or feature that is null or absent is NaN. */
export interface ObservationMessage {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly value: number;
  readonly features: readonly number[];
}

/** How the fields of a line are read. */
export interface ObservationReading {
  /** Names of the features' fields. */
  readonly features: readonly string[];
  /** Names of the other fields, where they are not key, time and value. */
  readonly names?: {
    readonly key?: string | undefined;
    readonly time?: string | undefined;
    readonly value?: string | undefined;
  };
  /** Epoch milliseconds; throws TIME_INVALID. */
  readonly timeOf: (time: unknown) => number;
  /** Returns the number of a value or feature, NaN for a missing one; throws as `readValue`. */
  readonly numberOf: (value: unknown, name: string) => number;
  /** Takes a note on a line that is read and lacks a value. */
  readonly lacksValue?: ((note: string) => void) | undefined;
}

/**
 * The observation of a line `{"key", "time", "value"}` with the fields of its features; others are ignored. Throws ROW_UNREADABLE, LINE_TOO_LONG, KEY_INVALID, TIME_INVALID, VALUE_NOT_A_NUMBER or
 * VALUE_OUT_OF_RANGE.
 */
export function readObservationLine(
  line: Line,
  { features, names = {}, timeOf, numberOf, lacksValue }: ObservationReading,
): ObservationMessage {
  if (line.text === undefined) {
    throw new UndercurrentError("LINE_TOO_LONG", `the line is longer than ${longestLine} characters`);
  }
  if (!wasUtf8(line.text)) throw new UndercurrentError("ROW_UNREADABLE", notUtf8Text);
  const message = parseObject(line.text);
  const { key: ofKey = "key", time: ofTime = "time", value: ofValue = "value" } = names;
  if (message[ofKey] === undefined) throw new UndercurrentError("KEY_INVALID", absent("key", ofKey, message));
  const key = readKey(message[ofKey]);
  const time = timeOf(message[ofTime]);
  if (message[ofValue] === undefined) lacksValue?.(absent("value", ofValue, message));
  return {
    key,
    time,
    value: numberOf(message[ofValue], "the value"),
    features: features.map((name) => numberOf(message[name], `the feature ${JSON.stringify(name)}`)),
  };
}

/** Says which member a line lacks, and which it has. */
function absent(what: "key" | "value", name: string, message: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(message)
    .slice(0, 8)
    .map((own) => (own.length > 40 ? `${own.slice(0, 40)}…` : own));
  const option = name === what ? `; --${what} names another one` : "";
  return `the ${what} is missing: the line has no member ${name}, its members are ${JSON.stringify(names)}${option}`;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let message: unknown;
  try {
    message = parseJsonText(text);
  } catch (cause) {
    throw new UndercurrentError("ROW_UNREADABLE", `the line is not JSON${jsonHint(text)}`, { cause });
  }
  if (typeof message === "object" && message !== null && !Array.isArray(message)) {
    return message as Readonly<Record<string, unknown>>;
  }
  throw new UndercurrentError("ROW_UNREADABLE", "the line is not a JSON object");
}

/** The line that reports a rejected line. */
export function rejectionLine(line: number, code: ErrorCode, message: string): string {
  return `${JSON.stringify({ code, line, message })}\n`;
}

/**
 * Writes a forecast message for each observation; null stands for a missing value.
 *
 * @example
 * ```ts
 * const messages = new ForecastMessages((version) => `lstm32@${version}`);
 * const writer = new ForecastLineWriter(TextOutput.toStandardOutput(), messages);
 * writer.write(batch);
 * ```
 */
export class ForecastLineWriter {
  readonly #output: TextOutput;
  readonly #messages: MessageWriter;
  readonly #text = JsonText.shared();

  constructor(output: TextOutput, messages: MessageWriter) {
    this.#output = output;
    this.#messages = messages;
  }

  /** Adds a line for each row of a batch. */
  write(batch: ForecastBatch): void {
    const keyOf = (slot: number): string => batch.keyOf(slot);
    for (let row = 0; row < batch.count; row++) {
      this.#messages.write(batch.columns, row, keyOf, row);
      this.#text.bytes(lineBreak, 0, 1);
      if (this.#text.length >= pieceLength || row === batch.count - 1)
        this.#output.writeBytes(this.#text.take());
    }
  }
}
