/**
 * The S&P 500, day by day: its close, its volume, and the size of its daily moves.
 *
 * A price can't be forecast from its own past: if it could, those who trade would have moved it already. The best
 * forecast of tomorrow's close is today's, whatever model is fitted, so the skill of the first row is zero within a
 * hundredth, and a larger one would be a sign that a model had seen the future. What can be forecast is how much is
 * traded, and how far the price will move without saying where: both rows have a skill that holds up over twenty years.
 * The interval is of use for the price as well: it is wide in 2008 and narrow in 2017.
 */
import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { createForecaster } from "undercurrent-forecast";

const file = new URL("../node_modules/vega-datasets/data/sp500-2000.csv", import.meta.url);
const days: Record<"date" | "close" | "volume", string>[] = parse(readFileSync(file), { columns: true });
const closes = days.map(({ close }) => Number(close));
const series = {
  "close, points": closes,
  "volume, 10^9 shares": days.map(({ volume }) => Number(volume) / 1e9),
  "move, per cent": closes.map((close, i) => 100 * Math.abs(Math.log(close / (closes[i - 1] ?? close)))),
};

// What a key has to learn is left out of the scores.
const warmUp = 300;
console.log("series                 skill  coverage  mean width in 2008, 2017");
for (const [key, values] of Object.entries(series)) {
  const forecaster = createForecaster();
  const forecasts = forecaster.observe(days.map(({ date }, i) => ({ key, time: date, value: values[i] })));
  forecaster.dispose();
  let error = 0;
  let errorOfLast = 0;
  let inside = 0;
  const width = new Map<string, number[]>();
  for (let i = warmUp; i < days.length; i++) {
    const { expected, value } = forecasts[i]!;
    const { yhatLower, yhatUpper } = forecasts[i - 1]!;
    error += Math.abs(value - expected);
    errorOfLast += Math.abs(value - values[i - 1]!);
    inside += value >= yhatLower && value <= yhatUpper ? 1 : 0;
    const year = days[i]!.date.slice(0, 4);
    width.set(year, [...(width.get(year) ?? []), yhatUpper - yhatLower]);
  }
  const mean = (year: string): string => {
    const widths = width.get(year)!;
    return (widths.reduce((sum, each) => sum + each, 0) / widths.length).toPrecision(3);
  };
  const skill = (1 - error / errorOfLast).toFixed(3);
  const coverage = (inside / (days.length - warmUp)).toFixed(3);
  console.log(key.padEnd(22), skill, ` ${coverage}    `, mean("2008"), mean("2017"));
}
