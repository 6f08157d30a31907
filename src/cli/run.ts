/** The command `run`: the service, from a topic of observations to one of forecasts, exactly once. */
import { Command } from "commander";
import { lastValueFrom, tap } from "rxjs";
import { kafkaPorts } from "../adapters/kafka/index.js";
import { TaskMetrics } from "../adapters/prometheus/tasks.js";
import { loadConfig } from "../config/load.js";
import { redact } from "../config/redact.js";
import type { LiveServer } from "../adapters/web/server.js";
import type { Config } from "../config/schema.js";
import type { TaskEvent } from "../pipeline/events.js";
import { run } from "../pipeline/run.js";
import { modelSettings } from "../pipeline/settings.js";
import { fanOut, type Rejection, type Telemetry } from "../pipeline/telemetry.js";
import { dryRunPorts } from "./dry-run.js";
import { loadEngine } from "./engine.js";
import { kafkaOptions } from "./kafka-options.js";
import { Rejections } from "./rejections.js";
import { logKafkaEntry, logTaskEvent, serviceLog, type ServiceLog } from "./service-log.js";
import { stopSignal } from "./signals.js";
import { packageVersion } from "./version.js";
import { watch } from "./watch.js";

interface RunFlags {
  readonly config?: string;
  readonly dryRun?: boolean;
}

const notes = `
Without a file every setting has its default: docs/configuration.md. The log is JSON lines on standard error. SIGINT and
SIGTERM end the service in order: every partition finishes its batch and commits a snapshot, then the group is left and
the exit code is 0. A second signal ends it at once; nothing is lost, but the next start replays what came since the
last snapshot.

--dry-run forecasts what the input holds now, from its first record and an empty state, as a first start would; the
forecasts go to standard output as JSON lines instead of their topic, and it ends. Nothing is written to the brokers, a
service that runs meanwhile is not disturbed, and of the topics only the input has to exist.`;

export function runCommand(): Command {
  return new Command("run")
    .description("the service: forecasts from one Kafka topic into another, exactly once")
    .option("-c, --config <file>", "configuration, a YAML file")
    .option("--dry-run", "forecast what the input holds now onto standard output, and write nothing")
    .addHelpText("after", notes)
    .action(service);
}

async function service({ config, dryRun = false }: RunFlags): Promise<void> {
  const loaded = loadConfig(config, process.env);
  const { settings } = loaded;
  const log = serviceLog(settings);
  const stop = stopSignal();
  const options = kafkaOptions(settings, (entry) => logKafkaEntry(log, entry));
  log.info({ event: "starting", version: packageVersion(), dryRun, config: redact(loaded) }, "starting");
  stop.addEventListener("abort", () =>
    log.info({ event: "stopping" }, "stopping: a second signal ends at once"),
  );

  const engine = await loadEngine(settings.engine, (line) => log.info({ event: "engine" }, line));
  const totals = new Totals();
  const rejections = new Rejections((line) => log.warn({ event: "rejected" }, line));
  const rejectionLog = { ...silent, rejection: (rejection: Rejection) => rejections.add(rejection) };
  const shown = settings.server.enabled && !dryRun ? await show(settings, totals, log) : undefined;
  const { model, decode, late, snapshot, recovery, commit } = settings;
  const kafka = dryRun ? dryRunPorts(options) : kafkaPorts(options);
  const tasks = run(kafka.source, kafka.committer, {
    forecaster: model,
    engine,
    decode,
    late,
    snapshot,
    recovery,
    commit,
    telemetry: shown === undefined ? rejectionLog : fanOut(rejectionLog, shown.telemetry),
    stop,
  });
  const told = tasks.pipe(
    tap((event) => {
      totals.add(event);
      shown?.tasks.add(event);
      logTaskEvent(log, event);
    }),
  );
  try {
    await lastValueFrom(told, { defaultValue: undefined });
  } finally {
    await kafka.closed();
    await shown?.server.close();
    rejections.summarise();
  }
  const counts = { forecasts: totals.forecasts, rejections: rejections.counts };
  log.info({ event: "stopped", ...counts }, dryRun ? "end of the dry run: nothing was written" : "stopped");
}

/** Listens before anything is read: an address that cannot be had ends the start, not the service. */
async function show(
  { model, decode, server: { host, port, token }, topics }: Config,
  totals: Totals,
  log: ServiceLog,
): Promise<{ readonly telemetry: Telemetry; readonly tasks: TaskMetrics; readonly server: LiveServer }> {
  const shown = watch(modelSettings(model, decode), () => totals.keys);
  const tasks = new TaskMetrics(shown.registry, Date.now);
  const ready = (): boolean => tasks.ready;
  const server = await shown.serve({ title: topics.input, host, port, token, ready });
  log.info({ event: "serving", url: server.url }, "live page and metrics");
  return { telemetry: shown.telemetry, tasks, server };
}

const silent: Telemetry = {
  forecasts: () => undefined,
  rejection: () => undefined,
  update: () => undefined,
};

/** What the tasks of this instance have done, and hold. */
class Totals {
  forecasts = 0;
  readonly #keys = new Map<number, number>();

  /** Keys of all partitions that are held now. */
  get keys(): number {
    return [...this.#keys.values()].reduce((sum, keys) => sum + keys, 0);
  }

  add(event: TaskEvent): void {
    if (event.type === "committed") this.forecasts += event.forecasts;
    if (event.type === "live" || event.type === "committed") this.#keys.set(event.partition, event.keys);
    if (event.type === "released") this.#keys.delete(event.partition);
  }
}
