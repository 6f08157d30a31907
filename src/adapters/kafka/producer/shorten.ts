/**
 * Shortens a record that the input's brokers accepted but that exceeds the output's batch limit. Otherwise one such record
 * would end the service at every start. The record is written without its large parts, and a header names the number of omitted
 * bytes. The input keeps them as long as its retention allows.
 */
import type { OutputRecord, RecordHeader } from "../../../pipeline/ports.js";

/** Longest key that is kept. */
const longestKey = 1024;
/** Headers that the pipeline adds after the record's own, and their largest size in bytes. */
const ours = "undercurrent-";
const mostOurs = 16_384;
export const omittedHeader = "undercurrent-omitted-bytes";

/** A dead letter without the refused record's value and own headers: why it was refused, and its offset, remain. */
export function shortenLetter(letter: OutputRecord): OutputRecord {
  const kept: RecordHeader[] = [];
  let bytes = 0;
  for (const header of letter.headers.toReversed()) {
    bytes += header.name.length + header.value.byteLength;
    if (!header.name.startsWith(ours) || bytes > mostOurs) break;
    kept.unshift(header);
  }
  // Empty, not null: a compacted topic would take null for the end of its key.
  return shortened(letter, { value: new Uint8Array(0), headers: kept });
}

/** A forecast without the headers of the record that it was made from. */
export function shortenForecast(forecast: OutputRecord): OutputRecord {
  return shortened(forecast, { value: forecast.value, headers: [] });
}

function shortened(
  whole: OutputRecord,
  { value, headers }: Pick<OutputRecord, "value" | "headers">,
): OutputRecord {
  const key = whole.key !== null && whole.key.byteLength > longestKey ? null : whole.key;
  const short = { key, value, headers, timestamp: whole.timestamp };
  const omitted = Buffer.from(String(bytesOf(whole) - bytesOf(short)));
  return { ...short, headers: [...headers, { name: omittedHeader, value: omitted }] };
}

function bytesOf({ key, value, headers }: OutputRecord): number {
  const own = (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
  return headers.reduce((sum, header) => sum + Buffer.byteLength(header.name) + header.value.byteLength, own);
}
