/** The command `run`: starts the Kafka service, which forecasts from topic to topic exactly once. */
import { once } from "node:events";
import { Command, InvalidArgumentError } from "commander";
import { Registry } from "prom-client";
import { kafkaPorts } from "../../adapters/kafka/index.js";
import { TaskMetrics } from "../../adapters/prometheus/tasks.js";
import { keysKept, type KeptKeys, type LiveView } from "../../adapters/web/live-view.js";
import { isLoopback, serve, type LiveServer } from "../../adapters/web/server.js";
import { loadConfig } from "../../config/load.js";
import { redact } from "../../config/redact.js";
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import { fanOut, type Rejection, type Telemetry } from "../../pipeline/telemetry.js";
import { joinAnswers, KeyQueries } from "../../pipeline/query/key-queries.js";
import { ModelControl } from "../../pipeline/state/model-control.js";
import { InputSample } from "../../pipeline/input-sample.js";
import { dryRunPorts, judgeDryRun } from "./dry-run.js";
import { formatOf } from "../shared/decode/format.js";
import { withoutSchema } from "../shared/output-schema.js";
import { configuredModels, modelOf } from "../shared/pipeline.js";
import { startExports, type ExportReports, type Exports } from "../shared/open-telemetry.js";
import { hasSeveral, placesByKey, titleOf, withoutRepartition } from "../shared/inputs.js";
import { kafkaOptions, reachedBrokers } from "../shared/kafka-options.js";
import { defaultTimeout, positiveNumber } from "../shared/options.js";
import { checkModelRecord } from "./record-sizes.js";
import { runMember, type MemberReports } from "./member.js";
import { isReady, Readiness, type ReadinessLimits } from "./readiness.js";
import type { Rejections } from "../shared/rejections.js";
import {
  logKafkaEntry,
  logTaskEvent,
  serviceLog,
  type ServiceLog,
  loggedRejections,
  logRepartitionEvent,
} from "./service-log.js";
import { batchOf } from "./shown-rows.js";
import { reloadAtHangup, reloadsOf, type Reloads } from "./reload.js";
import { stopSignal } from "../shared/signals.js";
import { Totals } from "./totals.js";
import { packageVersion } from "../shared/version.js";
import { viewOf, watch } from "./watch.js";
import type { ModelRole } from "./worker-messages.js";
import { Workers, type WorkersReports } from "./workers.js";

interface RunFlags {
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly workers: number;
  /** Seconds. */
  readonly timeout?: number;
}

const notes = `
Settings without a value in the file keep their default: docs/configuration.md. The log is JSON lines on standard error.

Stopping: SIGINT or SIGTERM ends the service in order. Every partition finishes its batch and commits a snapshot, the
instance leaves the group, and the exit code is 0. A second signal ends the process at once. No data is lost, but the
next start replays the input since the last snapshot.

--workers: the members share one log, one live page and one set of metrics. More members than input partitions or
processor cores bring no gain.

--dry-run: forecasts the input from its first record to its current end, with an empty state, and writes the forecasts
to standard output as JSON lines. With a candidate, a line "compared" of the log has the figures of both models. It writes nothing to the brokers and does not disturb a running service; only the
input topic has to exist. It checks the first 1,000 records of each partition like \`lint\`. The exit code is 3 if every
record is rejected.`;

const mostWorkers = 64;
/** Time after which a stopped process exits even if connections are still open, in ms. */
const lingering = 2000;

function workerCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= mostWorkers) return count;
  throw new InvalidArgumentError(`not a whole number from 1 to ${mostWorkers}`);
}

export function runCommand(): Command {
  return new Command("run")
    .description("start the service: forecast from one Kafka topic to another, exactly once")
    .option("-c, --config <file>", "YAML file with the configuration")
    .option("--dry-run", "forecast the current input to standard output; write nothing to Kafka")
    .option(
      "-w, --workers <count>",
      "number of consumer group members, each in its own thread",
      workerCount,
      1,
    )
    .option(
      "--timeout <seconds>",
      `with --dry-run: longest wait for the brokers to answer (default: ${defaultTimeout})`,
      positiveNumber,
    )
    .addHelpText("after", notes)
    .action(service);
}

async function service({ config, dryRun = false, workers, timeout }: RunFlags): Promise<void> {
  if (timeout !== undefined && !dryRun) {
    throw new UndercurrentError("SETTING_INVALID", "--timeout needs --dry-run");
  }
  const loaded = loadConfig(config, process.env);
  const { settings } = loaded;
  // A wrong setting ends the start before the log begins.
  kafkaOptions(settings);
  if (!dryRun) checkModelRecord(settings);
  const log = serviceLog(settings);
  const stop = stopSignal();
  log.info(
    { event: "starting", version: packageVersion(), dryRun, workers, config: redact(loaded) },
    "starting",
  );
  stop.addEventListener("abort", () =>
    log.info({ event: "stopping" }, "stopping; a second signal ends the process at once"),
  );
  const reloads = reloadsOf(settings, log, config);
  const totals = new Totals();
  const rejections = loggedRejections(log);
  let toldLocalTimes = false;
  const reports: MemberReports = {
    telemetry: { ...noopTelemetry, rejection: (rejection: Rejection) => rejections.add(rejection) },
    task: (event) => {
      totals.add(event);
      // A dry run reads the input before its repartition.
      if (event.type === "shared-key" && placesByKey(settings)) return;
      // Once for all partitions; the sample of a dry run tells it too.
      if (event.type === "local-times") {
        if (dryRun || toldLocalTimes) return;
        toldLocalTimes = true;
      }
      logTaskEvent(log, event);
    },
    repartition: (event) => logRepartitionEvent(log, event),
    kafka: (entry) => logKafkaEntry(log, entry),
    engine: (line) => log.info({ event: "engine" }, line),
    registry: (line) => log.warn({ event: "schema-registry" }, line),
    joined: () => undefined,
    lost: () => undefined,
    heard: () => undefined,
  };
  try {
    if (dryRun) {
      const waiting = reachedBrokers(settings, { timeout: timeout ?? defaultTimeout }, (line) =>
        log.warn({ event: "waiting" }, line),
      );
      await Promise.race([waiting, stop.aborted || once(stop, "abort")]);
      const samples = new Map<string, InputSample>();
      const format = await formatOf(settings);
      const sampleOf = (topic: string): InputSample => {
        const sample =
          samples.get(topic) ??
          new InputSample({ ...settings, isPlacedByKey: placesByKey(settings) }, Date.now(), format);
        samples.set(topic, sample);
        return sample;
      };
      const models = configuredModels(settings);
      const view = models.candidate && viewOf(models);
      const telemetry = view === undefined ? reports.telemetry : fanOut(reports.telemetry, view);
      const asked = withoutRepartition(withoutSchema(settings));
      await runMember(asked, { ...reports, telemetry }, stop, (options) => dryRunPorts(options, sampleOf));
      if (view !== undefined) logComparison(log, view);
      if (!stop.aborted) judgeDryRun(log, samples, totals.forecasts);
    } else if (workers === 1) await inThisThread({ settings, log, stop, reloads }, reports, totals);
    else totals.forecasts += await inThreads({ settings, log, stop, reloads }, workers, rejections);
  } finally {
    rejections.summarise();
    // After an outage the Kafka client may leave a connection open, which would keep the stopped process alive.
    setTimeout(() => process.exit(), lingering).unref();
  }
  const counts = { forecasts: totals.forecasts, rejections: rejections.counts };
  log.info(
    { event: "stopped", ...counts },
    dryRun ? "dry run finished; nothing was written to Kafka" : "stopped",
  );
}

/** Logs what both models have come to. */
function logComparison(log: ServiceLog, view: LiveView): void {
  const { model, events, skill, coverage, anomalies } = view.figures();
  const live = { model, events, skill, coverage, anomalies };
  log.info(
    { event: "compared", live, candidate: view.candidate?.figures() },
    "both models on the same events",
  );
}

/** The context of a service, in one thread or several. */
interface ServiceContext {
  readonly settings: Config;
  readonly log: ServiceLog;
  /** Aborted when the service must stop. */
  readonly stop: AbortSignal;
  readonly reloads: Reloads;
}

async function inThisThread(
  { settings, log, stop, reloads }: ServiceContext,
  reports: MemberReports,
  totals: Totals,
): Promise<void> {
  const control = new ModelControl(modelOf(settings));
  reloads.follow((next) => control.retune(modelOf(next)));
  reloadAtHangup(reloads);
  const { enabled } = settings.server;
  if (!enabled && !settings.openTelemetry.metrics) {
    const exports = await startExports(settings, exportReports(log));
    try {
      await runMember(settings, { ...reports, control, tracer: exports.tracer }, stop, kafkaPorts);
    } finally {
      await exports.close();
    }
    return;
  }
  const models = configuredModels(settings);
  const keys = enabled ? keysShown(settings) : undefined;
  const view = keys === undefined ? undefined : viewOf(models, keys);
  const shown = watch(models, totals, view, settings.server.series);
  reloads.follow((next) => {
    shown.showSeries(next.server.series);
    const shownNow = enabled ? keysShown(next) : undefined;
    if (shownNow !== undefined) view?.keep(shownNow);
  });
  const tasks = new TaskMetrics(shown.registry, Date.now, hasSeveral(settings));
  const readiness = new Readiness(Date.now);
  const queries = new KeyQueries();
  // Before anything is read: an address in use ends the start, not a running service.
  const server = enabled
    ? await shown.serve({
        ...addressOf(settings),
        askKey: (key, partition, topic) => queries.ask(key, partition, topic),
        reload: () => reloads.reload(),
        ready: () => isReady([readiness.standing(tasks.partitions)], limitsOf(settings)),
      })
    : undefined;
  if (server !== undefined) logAddress(log, server, keys);
  const telemetry = fanOut(reports.telemetry, shown.telemetry);
  let exports: Exports | undefined;
  try {
    exports = await startExports(
      settings,
      exportReports(log, () => shown.metrics()),
    );
    const measured: MemberReports = {
      ...withMetrics(reports, tasks, readiness),
      task: (event) => {
        tasks.add(event);
        if (event.type === "released") shown.released();
        reports.task(event);
      },
      telemetry,
      queries,
      control,
      tracer: exports.tracer,
      learned: (seconds) => shown.learned(seconds),
    };
    await runMember(settings, measured, stop);
  } finally {
    await exports?.close();
    await server?.close();
  }
}

/** Resolves with the number of forecasts. */
async function inThreads(
  { settings, log, stop, reloads }: ServiceContext,
  count: number,
  rejections: Rejections,
): Promise<number> {
  const { enabled } = settings.server;
  const keys = enabled ? keysShown(settings) : undefined;
  const view = keys === undefined ? undefined : viewOf(configuredModels(settings), keys);
  const viewFor = (role: ModelRole): LiveView | undefined => (role === "live" ? view : view?.candidate);
  // Before anything is read: an address in use ends the start, not a running service.
  let started: Pick<Workers, "metrics" | "metricsJson" | "standings" | "askKey"> = {
    metrics: () => Promise.resolve(""),
    metricsJson: () => Promise.resolve([]),
    standings: [],
    askKey: () => Promise.resolve(joinAnswers([])),
  };
  const server = enabled
    ? await serve({
        view,
        registry: { contentType: Registry.PROMETHEUS_CONTENT_TYPE, metrics: () => started.metrics() },
        ready: () => isReady(started.standings, limitsOf(settings)),
        askKey: (key, partition, topic) => started.askKey(key, partition, topic),
        reload: () => reloads.reload(),
        ...addressOf(settings),
      })
    : undefined;
  if (server !== undefined) logAddress(log, server, keys);
  const reports: WorkersReports = {
    rejections: (rejection, times) => {
      rejections.add(rejection, times);
      view?.rejection(rejection, times);
    },
    update: (update) => view?.update(update),
    rows: (rows, role) => {
      viewFor(role)?.forecasts(batchOf(rows));
      viewFor(role)?.others(rows.others);
    },
    others: (times, role) => viewFor(role)?.others(times),
  };
  let exports: Exports | undefined;
  try {
    // Traces are the workers' own.
    const withoutTraces = { ...settings.openTelemetry, traces: false };
    const read = exportReports(log, () => started.metricsJson());
    exports = await startExports({ ...settings, openTelemetry: withoutTraces }, read);
    const metrics = enabled || settings.openTelemetry.metrics;
    const workers = new Workers(settings, { count, keysShown: keys, metrics }, reports, stop);
    started = workers;
    reloads.follow((next) => {
      const shownNow = enabled ? keysShown(next) : undefined;
      workers.reload(next, shownNow);
      if (shownNow !== undefined) view?.keep(shownNow);
    });
    reloadAtHangup(reloads);
    await workers.ended;
    return workers.forecasts;
  } finally {
    await exports?.close();
    await server?.close();
  }
}

function exportReports(log: ServiceLog, metrics?: ExportReports["metrics"]): ExportReports {
  const warn = (message: string): void => log.warn({ event: "open-telemetry" }, message);
  return { warn, ...(metrics !== undefined && { metrics }) };
}

function withMetrics(reports: MemberReports, tasks: TaskMetrics, readiness: Readiness): MemberReports {
  return {
    ...reports,
    repartition: (event) => {
      tasks.addRepartition(event);
      reports.repartition(event);
    },
    joined: (partitions) => {
      tasks.joined();
      readiness.joined(partitions);
    },
    lost: () => readiness.lost(),
    heard: () => void readiness.heard(),
  };
}

function limitsOf({ server: { maxBrokerSilenceMs } }: Config): ReadinessLimits {
  return { now: Date.now(), maxBrokerSilenceMs };
}

function addressOf(settings: Config): {
  readonly title: string;
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
} {
  const { host, port, token } = settings.server;
  return { title: titleOf(settings), host, port, token };
}

/** Returns the keys of the live page; undefined without one. By default only the loopback has a live page. */
function keysShown({
  server: { host, series, pageEnabled = isLoopback(host) },
}: Config): KeptKeys | undefined {
  if (!pageEnabled) return undefined;
  return series.length > 0 ? series : keysKept;
}

function logAddress(log: ServiceLog, { url }: LiveServer, shown: KeptKeys | undefined): void {
  const page = shown !== undefined;
  log.info(
    { event: "serving", url, page },
    page ? "serving the live page and metrics" : "serving metrics without the live page",
  );
}

const noopTelemetry: Telemetry = {
  forecasts: () => undefined,
  rejection: () => undefined,
  update: () => undefined,
};
