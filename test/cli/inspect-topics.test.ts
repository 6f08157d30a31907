/** What inspect proposes for topics as companies have them: other forms of times, words, texts, tables, maps and old names. */
import { describe, expect, test } from "vitest";
import { configurationText } from "../../src/cli/inspect/inspect.js";
import type { Placed } from "../../src/cli/inspect/rates.js";
import { suggestForDocuments, type Suggestion } from "../../src/cli/inspect/suggest.js";
import { parseConfig } from "../../src/config/load.js";
import { recordDecoder } from "../../src/pipeline/decode/decode.js";
import type { InputRecord } from "../../src/pipeline/ports.js";
import { bytes, start } from "../pipeline/records.js";

const times = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
const iso = (i: number): string => new Date(start + 1000 * i).toISOString();
const wave = (i: number, k = 0): number => Number((20 + k + 3 * Math.sin(i / 7)).toFixed(2));

function placed(
  of: (i: number) => unknown,
  others: (i: number) => Partial<InputRecord> = () => ({}),
): Placed[] {
  return times(40, (i): Placed => {
    const value = bytes(JSON.stringify(of(i)));
    return [0, { offset: i, key: null, value, headers: [], timestamp: start + 1000 * i, ...others(i) }];
  });
}

const parsed = ([, { value }]: Placed): unknown => JSON.parse(Buffer.from(value!).toString());

/** Returns what is suggested, and how many of the records it reads. */
function suggested(
  records: readonly Placed[],
): Suggestion & { readonly read: number; readonly skipped: number } {
  const documents = records.map((one) => ({ record: one[1], document: parsed(one) }));
  const suggestion = suggestForDocuments(records, documents);
  const { settings } = parseConfig(configurationText({ decode: suggestion.decode }), {});
  const decode = recordDecoder(settings.decode);
  let [read, skipped] = [0, 0];
  for (const [, record] of records) {
    try {
      const { readings, refused } = decode(record);
      if (readings.length > 0 && refused.length === 0) read++;
    } catch (error) {
      if ((error as { code?: string }).code === "RECORD_SKIPPED") skipped++;
    }
  }
  return { ...suggestion, read, skipped };
}

const inner = (value: unknown): string => JSON.stringify(value);
const two = (i: number): string => String(i % 60).padStart(2, "0");

/** Records, the settings, and a note. */
const shapes: Readonly<Record<string, readonly [readonly Placed[], object, string]>> = {
  "times of a format": [
    placed((i) => ({ id: `a${i % 2}`, zeit: `13.03.2026 10:00:${two(i)}`, wert: wave(i) })),
    { key: "id", time: "zeit", timeFormat: "d.M.yyyy H:mm:ss", value: "wert" },
    "decode.timeFormat",
  ],
  "times whose order of day and month some records tell": [
    placed((i) => ({ id: `a${i % 2}`, at: `${1 + (i % 28)}/3/2026 10:00`, v: wave(i) })),
    { time: "at", timeFormat: "d/M/yyyy H:mm" },
    "decode.timeFormat",
  ],
  "times in numbers and texts": [
    placed((i) => ({ id: `a${i % 2}`, time: i < 20 ? start / 1000 + i : iso(i), v: wave(i) })),
    { time: "time", timeUnit: "s" },
    "epoch s and ISO 8601",
  ],
  "times in a header": [
    placed(
      (i) => ({ id: `a${i % 2}`, v: wave(i) }),
      (i) => ({ headers: [{ name: "event_time", value: bytes(String(start + 1000 * i)) }] }),
    ),
    { key: "id", time: { header: "event_time" }, timeUnit: "ms", value: "v" },
    "Time: the header event_time (epoch ms).",
  ],
  "words alone": [
    placed((i) => ({ device: `d${i % 3}`, state: i % 4 === 0 ? "OFF" : "ON", at: iso(i) })),
    { key: "device", value: "state", words: { ON: 1, OFF: 0 } },
    "Measures in words: state (ON: 1, OFF: 0).",
  ],
  "booleans among numbers of one field": [
    placed((i) => ({
      at: iso(i),
      metrics: [
        { name: "run", value: i % 2 === 0 },
        ...times(9, (k) => ({ name: `t${k}`, value: wave(i, k) })),
      ],
    })),
    { each: "metrics", key: "metrics.name", value: "metrics.value", words: { true: 1, false: 0 } },
    "booleans",
  ],
  "words beside numbers": [
    placed((i) => ({ device: `d${i % 3}`, door: i % 4 === 0 ? "open" : "closed", t: wave(i), at: iso(i) })),
    { key: "device", value: "t" },
    "Words and booleans, which decode.words reads as numbers: door (open: 1, closed: 0).",
  ],
  "texts of missing values": [
    placed((i) => ({ id: `a${i % 2}`, at: iso(i), state: i === 7 ? "unavailable" : String(wave(i)) })),
    { value: "state", numbersInText: true, missing: ["unavailable"] },
    'Texts that are read as missing values: "unavailable".',
  ],
  "JSON in a text": [
    placed((i) => ({ at: iso(i), events: [{ m: inner({ route: `/r${i % 2}`, ms: wave(i) }) }] })),
    { jsonInText: ["events.m"], each: "events", key: "events.m.route", value: "events.m.ms" },
    "JSON in texts: events.m.",
  ],
  "columns and rows": [
    placed((i) => ({
      columns: ["time", "sensor", "c"],
      rows: times(2, (k) => [iso(i), `t${k}`, wave(i, k)]),
    })),
    { each: "rows", columns: "columns", key: "rows.sensor", time: "rows.time", value: "rows.c" },
    "Rows: rows, whose items are lists; columns names their cells.",
  ],
  "rows without names": [
    placed((i) => ({
      series: times(2, (k) => ({ metric: `m${k}`, points: [[start / 1000 + i, wave(i, k)]] })),
    })),
    {
      each: "series.points",
      key: "series.metric",
      time: "series.points.0",
      timeUnit: "s",
      value: "series.points.1",
    },
    "cells are named by their numbers",
  ],
  "arrays beside one another": [
    placed((i) => ({
      station: `n${i % 2}`,
      h: { time: [iso(2 * i), iso(2 * i + 1)], t: [wave(i), wave(i + 1)] },
    })),
    { each: ["h.time", "h.t"], key: "station", time: "h.time", value: "h.t" },
    "Arrays beside one another: h.time, h.t.",
  ],
  "an object of things": [
    placed((i) => ({
      Messages: [{ Payload: { T: { Value: wave(i), At: iso(i) }, F: { Value: wave(i, 2), At: iso(i) } } }],
    })),
    { each: { members: "Messages.Payload" }, key: { member: "name" }, value: "Messages.Payload.Value" },
    "Things: the members of Messages.Payload, each under its name.",
  ],
  "fields with two names": [
    placed((i) =>
      i < 20
        ? { deviceId: `a${i % 2}`, ts: start + i, temp: wave(i) }
        : { device: `a${i % 2}`, time: iso(i), temperature: wave(i) },
    ),
    {
      key: { firstOf: ["device", "deviceId"] },
      time: { firstOf: ["time", "ts"] },
      value: { firstOf: ["temperature", "temp"] },
    },
    "Another name: records have temperature or temp, never both.",
  ],
};

describe("inspect reads all records of", () => {
  test.each(Object.entries(shapes))("%s", (_, [records, settings, note]) => {
    const { decode, notes, read } = suggested(records);
    expect(decode).toMatchObject(settings);
    expect(notes.join("\n")).toContain(note);
    expect(read).toBe(records.length);
  });
});

test("inspect skips other kinds of records, and texts that are not JSON", () => {
  const kinds = placed((i) =>
    i % 4 === 0
      ? { type: "customer", id: i }
      : { type: "charge", at: iso(i), amount: wave(i), cur: i % 2 ? "eur" : "usd" },
  );
  const charges = suggested(kinds);
  expect(charges.decode).toMatchObject({ only: [{ field: "type", in: ["charge"] }], value: "amount" });
  expect([charges.read, charges.skipped]).toEqual([30, 10]);
  const lines = placed((i) => ({
    host: `h${i % 2}`,
    message: i % 4 === 0 ? "started" : inner({ ms: wave(i) }),
  }));
  const logs = suggested(lines);
  expect(logs.decode).toMatchObject({ jsonInText: ["message"], absent: "skip", value: "message.ms" });
  expect([logs.read, logs.skipped]).toEqual([30, 10]);
});

test("inspect tells what no setting reads: times in two units, and JSON in base64", () => {
  const units = placed((i) => ({
    id: `a${i % 2}`,
    ts: i < 15 ? start / 1000 + i : start + 1000 * i,
    v: wave(i),
  }));
  expect(suggested(units).notes.join("\n")).toContain(
    "ts holds times in several forms: 25 in epoch ms, 15 in epoch s",
  );
  const data = placed((i) => ({ data: Buffer.from(inner({ c: wave(i) })).toString("base64"), at: iso(i) }));
  expect(suggested(data).notes.join("\n")).toContain("data is JSON in base64, which no setting reads");
});

test("inspect takes times and values of now before those of before", () => {
  const states = placed((i) => ({
    id: `a${i % 2}`,
    old_state: { value: wave(i - 1), at: iso(i - 1) },
    new_state: { value: wave(i), at: iso(i) },
  }));
  expect(suggested(states).decode).toMatchObject({ time: "new_state.at", value: "new_state.value" });
});
