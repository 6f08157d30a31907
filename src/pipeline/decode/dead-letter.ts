/** Makes dead letters: the record as it came, with headers that say why and where. */
import type { InputRecord, OutputRecord } from "../ports.js";
import type { RefusedReading } from "./decode.js";

/** Where a record came from. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
}

/** Longest name of a reading in a dead letter, in characters; most bytes of all names in its header. */
const [longestName, mostBytes] = [200, 8192];

/**
 * Returns the unchanged record with headers that name the reason and the origin. A record of several readings has one dead
 * letter for all that were refused: it gives the reason of the first one, and lists the names of the others.
 */
export function deadLetter(
  record: InputRecord,
  origin: Origin,
  refused: readonly RefusedReading[],
): OutputRecord {
  const [{ series, error }] = refused as readonly [RefusedReading];
  const { code } = error;
  const others = refused.length > 1 ? ` (and ${refused.length - 1} more of its readings)` : "";
  const reason = `${series === "" ? "" : `${shortened(series)}: `}${error.message}${others}`;
  const names = namesOf(refused);
  const entries: readonly (readonly [string, string])[] = [
    ["undercurrent-code", code],
    ["undercurrent-reason", reason],
    ["undercurrent-topic", origin.topic],
    ["undercurrent-partition", String(origin.partition)],
    ["undercurrent-offset", String(record.offset)],
    ...(names !== undefined ? ([["undercurrent-series", names]] as const) : []),
  ];
  const headers = entries.map(([name, text]) => ({ name, value: new TextEncoder().encode(text) }));
  return { ...outputOf(record), headers: [...record.headers, ...headers] };
}

/** An output record with the key, value, headers and timestamp of an input record. */
function outputOf({ key, value, headers, timestamp }: InputRecord): OutputRecord {
  return { key, value, headers, timestamp };
}

/** The names of the readings as JSON, as many as there is room for; undefined for the only one of its record. */
function namesOf(refused: readonly RefusedReading[]): string | undefined {
  const names: string[] = [];
  let bytes = 0;
  for (const { series } of refused) {
    const name = JSON.stringify(shortened(series));
    bytes += Buffer.byteLength(name) + 1;
    if (bytes > mostBytes) break;
    names.push(name);
  }
  return names.every((name) => name === '""') ? undefined : `[${names.join(",")}]`;
}

/** A name from the record, cut: a dead letter must not be much larger than its record. */
function shortened(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName)}…`.toWellFormed() : name;
}
