/**
 * A worker thread of `run --workers`: one member of the consumer group, with its own log lines and metrics, which tells the
 * main thread what page and summary need.
 */
import { parentPort, workerData } from "node:worker_threads";
import { TaskMetrics } from "../../adapters/prometheus/tasks.js";
import { KeyQueries } from "../../pipeline/query/key-queries.js";
import { fanOut, type Telemetry } from "../../pipeline/telemetry.js";
import type { KeptKeys } from "../../adapters/web/live-view.js";
import type { Config } from "../../config/schema.js";
import { ModelControl } from "../../pipeline/state/model-control.js";
import { startExports } from "../shared/open-telemetry.js";
import { hasSeveral } from "../shared/inputs.js";
import { configuredModels, modelOf } from "../shared/pipeline.js";
import { joinedMetrics, measureCandidate, ofCandidate, ofForecasts } from "./candidate-metrics.js";
import { runMember } from "./member.js";
import { Outbox } from "./outbox.js";
import { Readiness } from "./readiness.js";
import { logKafkaEntry, logTaskEvent, serviceLog } from "./service-log.js";
import { ShownKeys } from "./shown-rows.js";
import { Totals } from "./totals.js";
import { measure } from "./watch.js";
import {
  plainError,
  type FromWorker,
  type ModelRole,
  type ToWorker,
  type WorkerAnswer,
  type WorkerData,
  type WorkerQuestion,
} from "./worker-messages.js";

const port = parentPort!;
const say = (message: FromWorker): void => port.postMessage(message);
const totals = new Totals();
/** The number of no request. */
const noRequest = -1;
/** Milliseconds between two reports that the brokers answer. */
const heardPeriod = 1000;

async function main({ settings, keysShown, metrics }: WorkerData): Promise<void> {
  const stop = new AbortController();
  // A line is one write, which pipes take whole up to 4,096 bytes: those of several threads do not mix.
  const log = serviceLog(settings);
  const { forecaster, candidate } = configuredModels(settings);
  const shown = keysShown === undefined ? undefined : new ShownKeys(keysShown);
  const shownOfCandidate =
    keysShown === undefined || candidate === undefined ? undefined : new ShownKeys(keysShown);
  const prometheus = measure(forecaster, totals, settings.server.series);
  const other = candidate && measureCandidate(candidate, totals);
  const registries = [prometheus.registry, ...(other === undefined ? [] : [other.registry])];
  const tasks = new TaskMetrics(prometheus.registry, Date.now, hasSeveral(settings));
  const queries = new KeyQueries();
  const control = new ModelControl(forecaster);
  const reload = (next: Config, keys: KeptKeys | undefined): void => {
    log.level = next.log.level;
    prometheus.showSeries(next.server.series);
    if (keys !== undefined) [shown, shownOfCandidate].forEach((each) => each?.keep(keys));
    control.retune(modelOf(next));
  };
  const outbox = new Outbox(say, (rows) => tasks.pageRowsDropped(rows));
  const readiness = new Readiness(Date.now);
  /** Milliseconds between the last answer that the main thread was told of and the latest. */
  let unheard = 0;
  const tell = (): void => {
    unheard = 0;
    outbox.standing(readiness.standing(tasks.partitions));
  };
  const rowsTo = (keys: ShownKeys | undefined, role: ModelRole): Telemetry["forecasts"] => {
    return (batch) => {
      const rows = keys?.rowsOf(batch);
      if (rows !== undefined) outbox.rows(rows, role);
    };
  };
  const relay: Telemetry = {
    ...(shownOfCandidate !== undefined && {
      candidate: ofForecasts(rowsTo(shownOfCandidate, "candidate")),
    }),
    forecasts: rowsTo(shown, "live"),
    rejection: (rejection) => outbox.rejection(rejection),
    update: (update) => {
      if (shown !== undefined) outbox.update(update);
    },
  };
  port.on("message", (message: ToWorker) => {
    if (message.type === "stop") stop.abort();
    else if (message.type === "taken") outbox.taken();
    else if (message.type === "reload") reload(message.settings, message.keysShown);
    else void answer(message.question).then((given) => reply(message.request, given));
  });
  const reply = (request: number, answer: WorkerAnswer): void => say({ type: "answer", request, answer });
  const answer = async (question: WorkerQuestion): Promise<WorkerAnswer> => {
    const { about } = question;
    if (about === "metrics") return { about, metrics: await joinedMetrics(registries) };
    return { about, answer: await queries.ask(question.key, question.partition, question.topic) };
  };
  const warn = (message: string): void => log.warn({ event: "open-telemetry" }, message);
  // The main thread exports the metrics of all.
  const exports = await startExports(settings, { warn });
  try {
    await runMember(
      settings,
      {
        telemetry: metrics ? fanOut(relay, prometheus, ...(other ? [ofCandidate(other)] : [])) : relay,
        task: (event) => {
          totals.add(event);
          tasks.add(event);
          if (event.type === "released") prometheus.released();
          logTaskEvent(log, event);
          if (event.type !== "committed") tell();
        },
        queries,
        control,
        tracer: exports.tracer,
        repartition: (event) => {
          tasks.addRepartition(event);
          logTaskEvent(log, event);
        },
        kafka: (entry) => logKafkaEntry(log, entry),
        engine: (line) => log.info({ event: "engine" }, line),
        registry: (line) => log.warn({ event: "schema-registry" }, line),
        joined: (partitions) => {
          tasks.joined();
          readiness.joined(partitions);
          tell();
        },
        lost: () => {
          readiness.lost();
          tell();
        },
        heard: () => {
          unheard += readiness.heard();
          if (unheard >= heardPeriod) tell();
        },
        ...(metrics && { learned: (seconds: number) => prometheus.learned(seconds) }),
      },
      stop.signal,
    );
  } finally {
    await exports.close();
    // Nobody asked: for an export after the end.
    if (metrics) reply(noRequest, await answer({ about: "metrics" }));
    outbox.close();
  }
}

try {
  await main(workerData as WorkerData);
  say({ type: "ended", error: undefined, forecasts: totals.forecasts });
} catch (error) {
  say({ type: "ended", error: plainError(error), forecasts: totals.forecasts });
}
