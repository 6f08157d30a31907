/** The library in ten lines, without RxJS: numbers on standard input, one a line, and what is expected next of each. */
import { createInterface } from "node:readline";
import { createForecaster } from "undercurrent-forecast";

const forecaster = createForecaster();
for await (const line of createInterface({ input: process.stdin })) {
  const [forecast] = forecaster.observe([{ key: "input", time: Date.now(), value: Number(line) }]);
  if (forecast)
    console.log(line, "next:", forecast.yhat.toFixed(3), "score:", forecast.anomalyScore.toFixed(2));
}
forecaster.dispose();
