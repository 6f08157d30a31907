/** The input of a chaos run: a seeded stream without end of records for each partition, with all that input can have wrong. */
import { uniform } from "../../src/engine/random.js";
import type { InputRecord } from "../../src/pipeline/ports.js";

/** Name of the header that tells a record, and whatever is made from it, from every other. */
export const identityHeader = "id";

const identityOf = (partition: number, offset: number): string => `${partition}:${offset}`;

const begin = Date.UTC(2026, 0, 1);
const bytes = (text: string): Uint8Array => Buffer.from(text);

/** What a record is written from. */
export interface Reading {
  readonly offset: number;
  readonly value: number | null;
  /** Further random numbers in [0, 1), and below a count. */
  readonly random: () => number;
  readonly below: (count: number) => number;
}

/** Writes a reading as the bytes of a record's value. */
export type WriteDocument = (reading: Reading) => Uint8Array;

/**
 * The records of one partition from offset 0 on: readings of `keys` keys of its own, daily waves and random walks, as
 * documents; some late, some missing, and one in fifty that cannot be read. With a lifetime, a key ends and another begins
 * every so many records.
 */
export function* partitionInput(
  seed: number,
  partition: number,
  keys: number,
  write: WriteDocument = jsonDocument,
  lifetime = Infinity,
): Generator<InputRecord, never, void> {
  const random = uniform(seed * 1009 + partition);
  const below = (count: number): number => Math.floor(random() * count);
  const levels = Array.from({ length: keys }, () => 200 * random() - 100);
  let time = begin;
  let ended = 0;
  for (let offset = 0; ; offset++) {
    time += below(2000);
    if (offset >= (ended + 1) * lifetime) {
      ended++;
      levels.shift();
      levels.push(200 * random() - 100);
    }
    // Some keys come far more often than others.
    const place = Math.floor(keys * random() ** 3);
    levels[place]! += random() - 0.5;
    const k = ended + place;
    // Of the keys that come often, some values are far from what is usual: incidents come of them.
    const fault = random() < 0.004 ? 100 * (1 + random()) : 0;
    const value = levels[place]! + (k % 2 === 0 ? 20 * Math.sin(time / 1.4e7 + k) : 0) + fault;
    const record: InputRecord = {
      offset,
      key: bytes(k % 10 === 0 ? `Zürich/${partition}/${k}` : `sensor-${partition}-${k}`),
      value: write({ offset, value: random() < 0.03 ? null : value, random, below }),
      timestamp: random() < 0.02 ? time - 600_000 : time,
      headers: [
        { name: identityHeader, value: bytes(identityOf(partition, offset)) },
        ...(random() < 0.1 ? [{ name: "trace", value: Uint8Array.of(0, 255, below(256)) }] : []),
      ],
    };
    yield random() < 0.02 ? spoiled(record, below(4)) : record;
  }
}

/** JSON of varying shape. */
export function jsonDocument({ value, random, below }: Reading): Uint8Array {
  const reading = { value: value !== null && random() < 0.5 ? Number(value.toFixed(2)) : value, unit: "°C" };
  const fields: [string, unknown][] = [
    ["reading", reading],
    ["site", "x".repeat(below(40))],
    ["tags", Array.from({ length: below(4) }, () => below(1000))],
  ];
  const from = below(fields.length);
  return bytes(JSON.stringify(Object.fromEntries([...fields.slice(from), ...fields.slice(0, from)])));
}

function spoiled(record: InputRecord, kind: number): InputRecord {
  if (kind === 0) return { ...record, value: null };
  if (kind === 1) return { ...record, value: Uint8Array.of(0xff, 0x00, 0x7b) };
  if (kind === 2) return { ...record, key: null };
  return { ...record, value: bytes('{"reading": {"value": "warm"}}') };
}
