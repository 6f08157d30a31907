/** A worker thread of `run --workers`: one member of the consumer group, which tells the main thread what it does. */
import { parentPort, workerData } from "node:worker_threads";
import type { PrometheusTelemetry } from "../adapters/prometheus/telemetry.js";
import { modelSettings } from "../pipeline/settings.js";
import { fanOut, type Telemetry } from "../pipeline/telemetry.js";
import { runMember } from "./member.js";
import { ShownKeys } from "./shown-rows.js";
import { Totals } from "./totals.js";
import { measure } from "./watch.js";
import {
  plainEntry,
  plainError,
  plainTaskEvent,
  type FromWorker,
  type ToWorker,
  type WorkerData,
} from "./worker-messages.js";

const port = parentPort!;
const say = (message: FromWorker): void => port.postMessage(message);

async function main({ settings, keysShown, metrics }: WorkerData): Promise<void> {
  const stop = new AbortController();
  const totals = new Totals();
  const shown = keysShown === undefined ? undefined : new ShownKeys(keysShown);
  const relay: Telemetry = {
    forecasts: (batch) => {
      const rows = shown?.rowsOf(batch);
      if (rows !== undefined) say({ type: "rows", rows });
    },
    rejection: (rejection) => say({ type: "rejection", rejection }),
    update: (update) => {
      if (shown !== undefined) say({ type: "update", update });
    },
  };
  const model = modelSettings(settings.model, settings.decode);
  const prometheus = measure(model, () => totals.keys, settings.server.series);
  port.on("message", (message: ToWorker) => {
    if (message.type === "stop") stop.abort();
    else void answer(message.request, prometheus);
  });
  await runMember(
    settings,
    {
      telemetry: metrics ? fanOut(relay, prometheus) : relay,
      task: (event) => {
        totals.add(event);
        if (event.type === "released") prometheus.released();
        say({ type: "task", event: plainTaskEvent(event) });
      },
      kafka: (entry) => say({ type: "kafka", entry: plainEntry(entry) }),
      engine: (line) => say({ type: "engine", line }),
      joined: () => say({ type: "joined" }),
      ...(metrics && { learned: (seconds: number) => prometheus.learned(seconds) }),
    },
    stop.signal,
  );
}

async function answer(request: number, { registry }: PrometheusTelemetry): Promise<void> {
  say({ type: "metrics", request, metrics: await registry.getMetricsAsJSON() });
}

try {
  await main(workerData as WorkerData);
  say({ type: "ended", error: undefined });
} catch (error) {
  say({ type: "ended", error: plainError(error) });
}
