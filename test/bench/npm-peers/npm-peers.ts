/**
 * Forecasters of npm and Python beside this one, on the same rows of ETTh1: the error of 24 steps, and the CPU time of a
 * forecast with the learning that it needs.
 */
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createForecaster } from "../../../src/forecast/objects.js";
import { dataHere, readWide, standardise } from "../../support/data.js";
import type { Figure } from "../figures.js";
import { packagePeers } from "./packages.js";
import { history, horizon, window, type Peer } from "./protocol.js";
import { tfjsPeer } from "./tfjs.js";

interface Outcome {
  readonly name: string;
  /** By series, by origin. */
  readonly forecasts: readonly (readonly ArrayLike<number>[])[];
  readonly seconds: number;
  /** Whether it learns from each event: its cost is then that of an event. */
  readonly isOnline?: boolean;
}

const rows = 14_400;

/** Runs the bench with this many origins for each of the seven series. */
export async function benchPeers(origins: number, folder = join(tmpdir(), "npm-peers")): Promise<Figure[]> {
  if (!dataHere) return [];
  const table = readWide("ett/ETTh1.csv.gz", rows);
  const values = standardise(table, history);
  const width = table.names.length;
  const series = table.names.map((_, c) =>
    Float64Array.from({ length: rows }, (_row, r) => values[r * width + c]!),
  );
  const distance = Math.floor((rows - history - horizon) / origins);
  const at = Array.from({ length: origins }, (_, i) => history + i * distance);

  const simple: Peer[] = [
    {
      name: "last value",
      forecasts: (all, from) => Promise.resolve(from.map((o) => Array<number>(horizon).fill(all[o - 1]!))),
    },
    {
      name: "day before",
      forecasts: (all, from) => Promise.resolve(from.map((o) => all.subarray(o - horizon, o))),
    },
  ];
  const outcomes: Outcome[] = [await ours(table.times, series, at)];
  for (const peer of [...simple, ...(await packagePeers(folder)), tfjsPeer]) {
    const begin = process.cpuUsage();
    const forecasts = [];
    for (const each of series) forecasts.push(await peer.forecasts(each, at));
    outcomes.push({ name: peer.name, forecasts, seconds: secondsSince(begin) });
  }
  outcomes.push(...pythonPeers(series, at));
  return outcomes.flatMap((outcome) => figuresOf(outcome, outcomes[0]!, series, at));
}

function secondsSince(begin: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1e6;
}

/** This forecaster takes every event of all series, as it came, and learns from each. */
function ours(
  times: Float64Array,
  series: readonly Float64Array[],
  origins: readonly number[],
): Promise<Outcome> {
  using forecaster = createForecaster({ horizon, intervalLevels: [0.9] });
  const wanted = new Set(origins);
  const forecasts: number[][][] = series.map(() => []);
  const begin = process.cpuUsage();
  for (let row = 0; row < origins.at(-1)!; row++) {
    const events = series.map((values, key) => ({
      key: String(key),
      time: times[row]!,
      value: values[row]!,
    }));
    const answers = forecaster.observe(events);
    if (!wanted.has(row + 1)) continue;
    answers.forEach(({ yhat, horizon: further }, key) =>
      forecasts[key]!.push([yhat, ...further.map((step) => step.yhat)]),
    );
  }
  const name = "undercurrent";
  return Promise.resolve({ name, forecasts, seconds: secondsSince(begin), isOnline: true });
}

/** River and Prophet, where Python has them. */
function pythonPeers(series: readonly Float64Array[], origins: readonly number[]): Outcome[] {
  const python = process.env["UNDERCURRENT_PYTHON"];
  if (python === undefined) {
    console.error("SKIPPED: River and Prophet; UNDERCURRENT_PYTHON names no Python with river and prophet");
    return [];
  }
  const { stdout, stderr, status } = spawnSync(
    python,
    [fileURLToPath(new URL("python-peers.py", import.meta.url))],
    {
      encoding: "utf8",
      input: JSON.stringify({ series: series.map((each) => [...each]), origins, horizon, window }),
      maxBuffer: 1e9,
    },
  );
  for (const line of stderr.split("\n")) if (line.startsWith("SKIPPED")) console.error(line);
  if (status !== 0) throw new Error(stderr);
  const results = JSON.parse(stdout) as Record<string, Omit<Outcome, "name">>;
  return Object.entries(results).map(([name, outcome]) => ({ name, ...outcome }));
}

/** Mean absolute error of the first `steps`. Throws where a forecaster gave no number. */
function errorOf(
  { name, forecasts }: Outcome,
  series: readonly Float64Array[],
  origins: readonly number[],
  steps: number,
): number {
  let sum = 0;
  for (const [s, values] of series.entries()) {
    for (const [o, at] of origins.entries()) {
      const forecast = forecasts[s]![o]!;
      for (let step = 0; step < steps; step++) {
        const error = Math.abs(forecast[step]! - values[at + step]!);
        if (Number.isNaN(error)) throw new Error(`${name}: no forecast of series ${s}, row ${at + step}`);
        sum += error;
      }
    }
  }
  return sum / (series.length * origins.length * steps);
}

function figuresOf(
  outcome: Outcome,
  own: Outcome,
  series: readonly Float64Array[],
  origins: readonly number[],
): Figure[] {
  const error = (one: Outcome, steps: number): number => errorOf(one, series, origins, steps);
  const forecasts = series.length * (outcome.isOnline === true ? origins.at(-1)! : origins.length);
  const milliseconds = (1e3 * outcome.seconds) / forecasts;
  const peer = "undercurrent";
  const figure = (name: string, value: number, unit: string, ofOurs: number): Figure => ({
    name: `${outcome.name}: ${name}`,
    value,
    unit,
    peer,
    ratio: ofOurs / value,
  });
  const ownMilliseconds = (1e3 * own.seconds) / (series.length * origins.at(-1)!);
  return [
    figure("MAE of the next hour", error(outcome, 1), "σ", error(own, 1)),
    figure("MAE of 24 hours", error(outcome, horizon), "σ", error(own, horizon)),
    figure("CPU of a forecast", milliseconds, "ms", ownMilliseconds),
  ];
}
