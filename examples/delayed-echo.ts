/**
 * A long memory, which a plain recurrent cell does not learn and gates do: once a day, 64 sensors are pulsed up or down,
 * and 31 readings later each echoes its own pulse. Between the two there is noise. Nothing but the hidden state can hold
 * the pulse for so long: the read-out sees the latest 24 changes.
 *
 * Prints the mean error of the forecast of an echo, for each eighth of the stream; 1 is what not knowing costs.
 * Takes a seed, cells with commas between them, and the window: `delayed-echo.ts 1 gru,window,conv,attention 16`.
 * See docs/cells.md for why.
 */
import { cellKinds, createForecaster, type CellKind } from "undercurrent-forecast";

const day = 86_400_000;
const readingsPerDay = 32;
const sensors = 64;
const days = 200;
const parts = 8;
const seed = Number(process.argv[2] ?? 1);
const named = (process.argv[3] ?? "rnn,gru,lstm").split(",");
const bpttSteps = Number(process.argv[4] ?? 32);

/** Numbers from 0 to 1, the same for the same seed (Knuth and Lewis' linear congruential generator). */
function random(from: number): () => number {
  let state = from;
  return () => {
    state = (Math.imul(1_664_525, state) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Mean absolute error of the forecasts of echoes, for each part of the stream. */
function errorsOf(cell: CellKind): number[] {
  const forecaster = createForecaster({
    cell,
    seed,
    hidden: 24,
    // What the cell says, without a regression of each key's own beside it.
    readout: "shared",
    // Back-propagation has to reach from the echo back to the pulse, and so do cells that see the last inputs.
    bpttSteps,
    stride: 8,
    harmonics: 3,
    learningRate: 0.005,
  });
  const next = random(seed);
  const errors = new Array<number>(parts).fill(0);
  for (let date = 0; date < days; date++) {
    const pulses = Array.from({ length: sensors }, () => (next() < 0.5 ? -1 : 1));
    for (let i = 0; i < readingsPerDay; i++) {
      const echo = i === readingsPerDay - 1;
      const readings = pulses.map((pulse, sensor) => ({
        key: `sensor-${sensor}`,
        time: date * day + (i * day) / readingsPerDay,
        value: (i === 0 || echo ? pulse : 0) + 0.2 * (next() - 0.5),
      }));
      const forecasts = forecaster.observe(readings);
      if (!echo) continue;
      const part = Math.floor((date * parts) / days);
      for (const { value, expected } of forecasts) {
        errors[part]! += (Math.abs(value - expected) * parts) / (days * sensors);
      }
    }
  }
  forecaster.dispose();
  return errors;
}

console.log(`mean error of the forecast of an echo, by ${days / parts} days`);
for (const cell of cellKinds.filter((kind) => named.includes(kind))) {
  const columns = errorsOf(cell).map((error) => error.toFixed(2));
  console.log(cell.padEnd(Math.max(...named.map(({ length }) => length))), columns.join("  "));
}
