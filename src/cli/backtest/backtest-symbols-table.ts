/** The outcome of a backtest of symbols, and the tables that show it. */
import type { SymbolSettings } from "../../forecast/symbols/settings.js";
import { plainTable } from "./backtest-table.js";
import { figure, plainText, ratio, whole } from "../shared/text.js";

/** Loss of a forecaster; null if nothing was scored. */
interface Loss {
  /** Mean of -log2 of the probabilities that the symbols had been given. */
  readonly bits: number | null;
  /** Two to the bits. */
  readonly perplexity: number | null;
}

interface Scores extends Loss {
  readonly events: number;
  readonly scored: number;
  /** Share of the symbols that had been the likeliest. */
  readonly accuracy: number | null;
  readonly parts: { readonly recurrent: Loss };
  readonly baselines: { readonly ngrams: Loss; readonly unigram: Loss };
}

export interface SymbolOutcome {
  readonly files: readonly string[];
  readonly model: string;
  readonly settings: SymbolSettings;
  /** Number of distinct symbols at the end. */
  readonly symbols: number;
  readonly overall: Scores & { readonly keys?: number };
  readonly keys: readonly (Scores & { readonly key: string })[];
}

/** Most rows of the table of keys. */
const mostRows = 20;

/** Prints one row per key; of too many keys, those with the most events. */
export function symbolKeyTable({ keys }: SymbolOutcome): string {
  const table = plainTable(
    ["key", "events", "scored", "bits", "perplexity", "likeliest", "n-grams", "unigram"],
    1,
  );
  const shown =
    keys.length <= mostRows ? keys : [...keys].sort((a, b) => b.events - a.events).slice(0, mostRows);
  for (const { key, events, scored, bits, perplexity, accuracy, baselines } of shown) {
    table.push([
      plainText(key, 32),
      whole(events),
      whole(scored),
      ratio(bits ?? NaN),
      figure(perplexity ?? NaN),
      ratio(accuracy ?? NaN),
      figure(baselines.ngrams.perplexity ?? NaN),
      figure(baselines.unigram.perplexity ?? NaN),
    ]);
  }
  if (shown.length < keys.length) table.push(["…"]);
  return table.toString();
}

/** One row for each forecaster, over all keys. */
export function symbolOverallTable({ model, overall, settings }: SymbolOutcome): string {
  const table = plainTable(["overall", "bits", "perplexity"], 1);
  const rows = [
    [`undercurrent ${model}`, overall],
    ["its recurrent part alone", overall.parts.recurrent],
    [`n-grams (Kneser-Ney, order ${settings.order})`, overall.baselines.ngrams],
    ["unigram", overall.baselines.unigram],
  ] as const;
  for (const [name, { bits, perplexity }] of rows) {
    table.push([name, ratio(bits ?? NaN), figure(perplexity ?? NaN)]);
  }
  return table.toString();
}
