/** What readers of committed records see, held against what one uninterrupted run would have written. */
import type { IHeaders, KafkaMessage } from "kafkajs";
import { Forecaster } from "../../src/forecast/forecaster.js";
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import type { Origin } from "../../src/pipeline/decode/dead-letter.js";
import type { ValueFormat } from "../../src/pipeline/decode/format.js";
import type { InputRecord, OutputRecord } from "../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings, type PipelineOptions } from "../../src/pipeline/settings.js";
import { Stage } from "../../src/pipeline/task/stage.js";
import { identityHeader } from "./input.js";

/** A record as one text, the same exactly where every byte is: key, value, timestamp, headers in order. */
export interface SeenRecord {
  /** Of the input record that it was made from. */
  readonly identity: string;
  readonly bytes: string;
}

/** What should be in the output of one input partition. */
export interface Expected {
  readonly forecasts: readonly SeenRecord[];
  readonly incidents: readonly SeenRecord[];
  readonly deadLetters: readonly SeenRecord[];
  /** Updates of the weights. */
  readonly updates: number;
}

/** Records that go through the stage at once: what it gives for all of them is text before the next come. */
const chunk = 10_000;

/** What makes output of records. */
export interface Way {
  readonly model: ForecasterOptions;
  readonly pipeline: PipelineOptions;
  /** Parser of the values, which has all schemas. */
  readonly format?: ValueFormat | undefined;
  /** Tells a forecast from every other of its record, by its value. */
  readonly told?: (value: Uint8Array) => string;
  /** Reads the fields of a change of an incident; by default it is JSON. */
  readonly changeOf?: ((value: Uint8Array) => Readonly<Record<string, unknown>>) | undefined;
}

/** The output of one run that nothing disturbs: the first `count` records of a partition through the stage of a task. */
export function expectedOutput(
  input: Iterator<InputRecord, never>,
  count: number,
  origin: Origin,
  { model, pipeline, format, told, changeOf }: Way,
): Expected {
  const settings = pipelineSettings(pipeline);
  const forecaster = new Forecaster(modelSettings(model, settings.decode));
  const stage = new Stage(forecaster, settings, origin, { format });
  const forecasts: SeenRecord[] = [];
  const incidents: SeenRecord[] = [];
  const deadLetters: SeenRecord[] = [];
  for (let from = 0; from < count; from += chunk) {
    const length = Math.min(chunk, count - from);
    let records = Array.from({ length }, () => input.next().value);
    while (records.length > 0) {
      const output = stage.process(records);
      for (const record of output.forecasts) {
        forecasts.push(seenForecast(seenOutput(record), record.value, told));
      }
      for (const record of output.incidents)
        incidents.push(seenIncident(seenOutput(record), record.value, changeOf));
      for (const record of output.deadLetters) deadLetters.push(seenOutput(record));
      // Records of very many readings are taken in several turns.
      records = records.slice(output.taken);
    }
  }
  const { version } = forecaster;
  forecaster.dispose();
  return { forecasts, incidents, deadLetters, updates: version };
}

export interface Counts {
  /** Expected, and not there. */
  readonly lost: number;
  /** There once more than expected. */
  readonly duplicated: number;
  /** There, but with other bytes, out of order, or never expected. */
  readonly differing: number;
  /** The first of each, for people. */
  readonly details: readonly string[];
}

export const nothingWrong: Counts = { lost: 0, duplicated: 0, differing: 0, details: [] };

const mostDetails = 10;

/** Compares by identity. Where `ordered`, records must also be in the order that is expected. */
export function compareOutput(
  expected: readonly SeenRecord[],
  actual: readonly SeenRecord[],
  ordered: boolean,
): Counts {
  const places = new Map(expected.map(({ identity }, index) => [identity, index]));
  const seen = new Set<string>();
  const details: string[] = [];
  const note = (what: string): void => {
    if (details.length < mostDetails) details.push(what);
  };
  let [lost, duplicated, differing, last] = [0, 0, 0, -1];
  for (const { identity, bytes } of actual) {
    const place = places.get(identity);
    if (place === undefined) {
      differing++;
      note(`${identity} is there, and should not be: ${bytes}`);
    } else if (seen.has(identity)) {
      duplicated++;
      note(`${identity} is there again`);
    } else {
      const outOfOrder = ordered && place < last;
      if (expected[place]!.bytes !== bytes || outOfOrder) {
        differing++;
        note(
          `${identity}${outOfOrder ? ", out of order," : ""} is ${bytes}\n  for ${expected[place]!.bytes}`,
        );
      }
      last = Math.max(last, place);
      seen.add(identity);
    }
  }
  for (const { identity } of expected) {
    if (seen.has(identity)) continue;
    lost++;
    note(`${identity} is lost`);
  }
  return { lost, duplicated, differing, details };
}

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    lost: a.lost + b.lost,
    duplicated: a.duplicated + b.duplicated,
    differing: a.differing + b.differing,
    details: [...a.details, ...b.details].slice(0, mostDetails),
  };
}

function seenOutput({ key, value, headers, timestamp }: OutputRecord): SeenRecord {
  return seen(key, value, timestamp, headers);
}

/** What is compared of a message. */
export type ComparedMessage = Pick<KafkaMessage, "key" | "value" | "timestamp"> & {
  readonly headers?: IHeaders | undefined;
};

export function seenMessage({ key, value, headers, timestamp }: ComparedMessage): SeenRecord {
  return seen(key, value, Number(timestamp), headerList(headers));
}

/** Records that one record gives several of are told apart by their values. */
export function seenForecast(
  { identity, bytes }: SeenRecord,
  value: Uint8Array | null,
  told: Way["told"] = () => "",
): SeenRecord {
  return { identity: `${identity} ${told(value!)}`.trim(), bytes };
}

/** Returns the fields of a record in JSON. */
export const fieldsOf = (value: Uint8Array): Record<string, unknown> =>
  JSON.parse(Buffer.from(value).toString()) as Record<string, unknown>;

/** One record may change several incidents: a change is told from every other by the incident and its updates so far. */
export function seenIncident(
  { bytes }: SeenRecord,
  value: Uint8Array | null,
  changeOf: Way["changeOf"] = fieldsOf,
): SeenRecord {
  const { id, change, updates } = changeOf(value!);
  return { identity: [id, change, updates].join(" "), bytes };
}

interface Header {
  readonly name: string;
  readonly value: Uint8Array;
}

function seen(
  key: Uint8Array | null,
  value: Uint8Array | null,
  timestamp: number,
  headers: readonly Header[],
): SeenRecord {
  // One character a byte: text is shown as it is, and what is no text stays distinct.
  const text = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString("latin1");
  const identity = headers.find(({ name }) => name === identityHeader);
  return {
    identity: text(identity?.value ?? null) ?? "a record without identity",
    bytes: JSON.stringify([text(key), text(value), timestamp, headers.map((h) => [h.name, text(h.value)])]),
  };
}

function headerList(headers: IHeaders = {}): Header[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => ({ name, value: Buffer.from(value ?? "") })),
  );
}
