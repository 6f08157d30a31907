/** The command `demo`: forecasts replayed series and this host's load on a live page. */
import { serverDefaults } from "../adapters/web/defaults.js";
import { Command } from "commander";
import { once } from "node:events";
import { sampleSeries } from "../adapters/files/sample-series.js";
import {
  appendObservation,
  forecastColumns,
  observationColumns,
  type ForecastColumns,
} from "../forecast/columns.js";
import { Forecaster } from "../forecast/forecaster.js";
import type { Telemetry } from "../pipeline/telemetry.js";
import { loadEngine } from "./shared/engine.js";
import {
  addForecasterOptions,
  positiveNumber,
  settingsFromFlags,
  wholeNumberFrom,
  type ForecasterFlags,
} from "./shared/options.js";
import { streamSamples, type SampleSink } from "./shared/samples.js";
import { stopSignal } from "./shared/signals.js";
import { viewOf, watch } from "./service/watch.js";

interface DemoFlags extends ForecasterFlags {
  readonly port: number;
  readonly host: string;
  readonly speed: number;
}

const batchSize = 1024;

const notes = `
Replays daily weather of Seattle and New York, hourly temperatures of Seattle and the S&P 500 faster than real time,
and adds the live processor, memory and load of this host. The samples come from the npm package vega-datasets; without
the package the page shows this host only. A finished series restarts with later times. With several --interval-levels
the page shows the first level. The server also answers /metrics for Prometheus. SIGINT or SIGTERM ends the demo.`;

export function demoCommand(): Command {
  const command = new Command("demo")
    .description("forecast sample series on a live page, without Kafka")
    .option(
      "--port <number>",
      "TCP port of the page; 0 takes a free port",
      wholeNumberFrom(0, 65535),
      serverDefaults.port,
    )
    .option("--host <address>", "address to listen on", serverDefaults.host)
    .option("--speed <values>", "replay speed, in values per second and series", positiveNumber, 25);
  return addForecasterOptions(command).addHelpText("after", notes).action(demo);
}

async function demo(flags: DemoFlags): Promise<void> {
  const settings = settingsFromFlags(flags);
  const engine = await loadEngine(flags.engine);
  const stopped = stopSignal();
  const forecaster = new Forecaster(settings, engine, { onUpdate: (update) => telemetry.update(update) });
  const shown = watch({ forecaster: settings }, forecaster, viewOf({ forecaster: settings }));
  const { telemetry } = shown;
  const samples = sampleSeries();
  const title = samples === undefined ? "This host" : "Weather, stocks and this host";
  const server = await shown.serve({ title, host: flags.host, port: flags.port });
  process.stdout.write(`Live page: ${server.url} (Ctrl-C ends)\n`);
  if (samples === undefined) {
    process.stdout.write(
      "Only this host is shown; npm install vega-datasets adds weather and stock prices.\n",
    );
  }
  const stop = streamSamples(samples ?? [], flags.speed, new DemoStage(forecaster, telemetry));
  if (!stopped.aborted) await once(stopped, "abort");
  stop();
  await server.close();
  forecaster.dispose();
}

/** Forecasts observations in batches and passes the forecasts to the live page. */
class DemoStage implements SampleSink {
  readonly #forecaster: Forecaster;
  readonly #telemetry: Telemetry;
  readonly #observations = observationColumns(batchSize);
  readonly #forecasts: ForecastColumns;

  constructor(forecaster: Forecaster, telemetry: Telemetry) {
    this.#forecaster = forecaster;
    // The page shows the first interval level alone, which needs no columns of its own.
    this.#forecasts = forecastColumns(batchSize, forecaster.settings.horizon);
    this.#telemetry = telemetry;
  }

  take(key: string, time: number, value: number): void {
    const observations = this.#observations;
    appendObservation(observations, this.#forecaster.slotOf(key), time, value);
    if (observations.count === batchSize) this.flush();
  }

  flush(): void {
    const { count } = this.#observations;
    if (count === 0) return;
    this.#forecaster.observe(this.#observations, this.#forecasts);
    this.#observations.count = 0;
    const keyOf = (slot: number): string => this.#forecaster.keyOf(slot);
    const { incidentChanges: incidents } = this.#forecaster;
    this.#telemetry.forecasts({
      ...{ count, columns: this.#forecasts, incidents, keyOf },
      experts: this.#forecaster,
    });
  }
}
