/** The record of a snapshot that holds what all keys share of symbols: the vocabulary, counts of n-grams, weights. */
import { ByteWriter, type ByteReader } from "../snapshot/bytes.js";
import { corrupt, kinds, seal } from "../snapshot/record.js";
import type { Snapshot, SnapshotRecord } from "../snapshot/snapshot.js";
import { Ngrams } from "./ngrams.js";
import type { SymbolSettings } from "./settings.js";
import { Vocabulary, type VocabularyState } from "./vocabulary.js";

export function encodeShared(vocabulary: Vocabulary, ngrams: Ngrams, weights: Float64Array): SnapshotRecord {
  const { events, symbols, since, seen, candidates } = vocabulary.read();
  const body = new ByteWriter();
  body.float(events);
  body.count(symbols.length);
  symbols.forEach((symbol) => body.text(symbol));
  body.f64(since);
  body.f64(seen);
  body.count(candidates.length);
  for (const { symbol, count, since } of candidates) {
    body.text(symbol);
    body.count(count);
    body.float(since);
  }
  body.f64(ngrams.read());
  body.f64(weights);
  return { key: undefined, bytes: seal(kinds.symbols, body) };
}

/** What all keys share of symbols. */
interface SharedState {
  readonly vocabulary: VocabularyState;
  readonly ngrams: Float64Array;
  readonly weights: Float64Array;
}

/**
 * Reads the shared record of all keys. Throws SNAPSHOT_CORRUPT if the record is missing or does not fit the settings. Throws it
 * too if a key's last symbols, the first `ringLength` of its singles, are not in the vocabulary.
 */
export function decodeShared(snapshot: Snapshot, settings: SymbolSettings, ringLength: number): SharedState {
  const shared = readShared(snapshot.symbols, settings);
  const known = shared.vocabulary.symbols.length + 1;
  const areKnown = (row: Float32Array): boolean =>
    row.subarray(0, ringLength).every((entry) => Number.isInteger(entry) && Math.abs(entry) < known);
  let fits = snapshot.model.queue.every(({ row }) => areKnown(row));
  for (const { f32 } of snapshot.keys) fits &&= areKnown(f32);
  if (!fits) throw corrupt("a key has had a symbol that is not in the vocabulary");
  return shared;
}

function readShared(
  body: ByteReader | undefined,
  { maxSymbols: capacity, order, maxNgrams }: SymbolSettings,
): SharedState {
  if (body === undefined) throw corrupt("it holds no vocabulary");
  try {
    const events = body.float();
    const symbols = Array.from({ length: body.count() }, () => body.text());
    const since = body.f64();
    const seen = body.f64();
    const candidates = Array.from({ length: body.count() }, () => ({
      symbol: body.text(),
      count: body.count(),
      since: body.float(),
    }));
    const ngrams = body.f64();
    const weights = body.f64();
    const vocabulary = { events, symbols, since, seen, candidates };
    const fits =
      Vocabulary.fits(vocabulary, capacity) &&
      weights.length === 2 &&
      ngrams.length <= Ngrams.entrySize * maxNgrams &&
      Ngrams.fits(ngrams, order, symbols.length + 1);
    if (!fits) throw corrupt("its vocabulary does not fit the settings");
    return { vocabulary, ngrams, weights };
  } catch (error) {
    throw error instanceof RangeError ? corrupt(error.message) : error;
  }
}
