/** The record of a snapshot that holds what all keys share of symbols: the vocabulary, counts of n-grams, weights. */
import { ByteWriter, type ByteReader } from "../snapshot/bytes.js";
import { corrupt, kinds, seal } from "../snapshot/record.js";
import type { SnapshotRecord } from "../snapshot/snapshot.js";
import { Ngrams } from "./ngrams.js";
import type { SymbolSettings } from "./settings.js";
import type { Vocabulary, VocabularyState } from "./vocabulary.js";

export function encodeShared(vocabulary: Vocabulary, ngrams: Ngrams, weights: Float64Array): SnapshotRecord {
  const { events, symbols, since, seen, candidates } = vocabulary.read();
  const body = new ByteWriter();
  body.float(events);
  body.count(symbols.length);
  symbols.forEach((symbol) => body.text(symbol));
  body.numbers(since);
  body.numbers(seen);
  body.count(candidates.length);
  for (const { symbol, count, since } of candidates) {
    body.text(symbol);
    body.count(count);
    body.float(since);
  }
  body.numbers(ngrams.read());
  body.numbers(weights);
  return { key: undefined, bytes: seal(kinds.symbols, body) };
}

/** Reads the record. Throws SNAPSHOT_CORRUPT where it is missing or does not fit the settings. */
export function decodeShared(
  body: ByteReader | undefined,
  { symbols: capacity, order, ngrams: mostNgrams }: SymbolSettings,
): {
  readonly vocabulary: VocabularyState;
  readonly ngrams: Float64Array;
  readonly weights: Float64Array;
} {
  if (body === undefined) throw corrupt("it holds no vocabulary");
  try {
    const events = body.float();
    const symbols = Array.from({ length: body.count() }, () => body.text());
    const since = body.numbers();
    const seen = body.numbers();
    const candidates = Array.from({ length: body.count() }, () => ({
      symbol: body.text(),
      count: body.count(),
      since: body.float(),
    }));
    const ngrams = body.numbers();
    const weights = body.numbers();
    const fits =
      symbols.length < capacity &&
      since.length === symbols.length + 1 &&
      seen.length === symbols.length + 1 &&
      candidates.length <= capacity &&
      weights.length === 2 &&
      Ngrams.fits(ngrams, order, mostNgrams);
    if (!fits) throw corrupt("its vocabulary does not fit the settings");
    return { vocabulary: { events, symbols, since, seen, candidates }, ngrams, weights };
  } catch (error) {
    throw error instanceof RangeError ? corrupt(error.message) : error;
  }
}
