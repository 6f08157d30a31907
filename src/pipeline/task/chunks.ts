/** Splits input batches into chunks of at most `commit.maxEvents` records. */
import type { InputBatch, InputRecord } from "../ports.js";

export interface Chunk {
  readonly records: readonly InputRecord[];
  /** Where the following records begin. */
  readonly next: number;
}

/** Yields chunks of at most `size` records; no chunk crosses the offset `edge`. A batch without records gives one chunk. */
export function* chunksOf(batch: InputBatch, edge: number, size: number): Generator<Chunk> {
  const { records, nextOffset } = batch;
  if (records.length === 0) yield { records, next: nextOffset };
  for (let begin = 0; begin < records.length;) {
    const below = records[begin]!.offset < edge;
    let end = begin + 1;
    while (end < records.length && end - begin < size && records[end]!.offset < edge === below) end++;
    const whole = begin === 0 && end === records.length;
    yield {
      records: whole ? records : records.slice(begin, end),
      next: end < records.length ? records[end]!.offset : nextOffset,
    };
    begin = end;
  }
}
