/**
 * The main thread's side of `run --workers`: runs group members in threads, with one log, one page and one set of metrics.
 */
import { AggregatorRegistry, type Registry } from "prom-client";
import { Worker } from "node:worker_threads";
import type { KeptKeys } from "../../adapters/web/live-view.js";
import type { Config } from "../../config/schema.js";
import type { UpdateReport } from "../../forecast/learning/schedule.js";
import { joinAnswers, type KeyAnswer } from "../../pipeline/query/key-queries.js";
import type { Rejection } from "../../pipeline/telemetry.js";
import type {
  FromWorker,
  ModelRole,
  Report,
  ShownRows,
  ToWorker,
  WorkerAnswer,
  WorkerData,
  WorkerQuestion,
} from "./worker-messages.js";
import type { MetricsJson } from "./candidate-metrics.js";
import type { MemberStanding } from "./readiness.js";
import { errorOf } from "./worker-messages.js";

/** Callbacks for the events of the workers. */
export interface WorkersReports {
  /** Called with the number of rejections of one code, and the first of them. */
  rejections(rejection: Rejection, count: number): void;
  update(update: UpdateReport): void;
  rows(rows: ShownRows, role: ModelRole): void;
  /** Called with the number of observations without rows. */
  others(count: number, role: ModelRole): void;
}

export interface WorkersOptions {
  readonly count: number;
  /** Keys that the live page keeps; undefined without a page. */
  readonly keysShown: KeptKeys | undefined;
  readonly metrics: boolean;
}

/** Time after which a worker's last answer is used again, in ms: a counter must not fall. */
const answerMilliseconds = 2000;
/** Time after which a worker's answer about a key is no longer waited for, in ms: longer than the server waits. */
const keyMilliseconds = 15_000;

/** Returns the settings of one worker: static members of a group have names of their own. */
function memberSettings(settings: Config, index: number): Config {
  const { kafka } = settings;
  const { groupInstanceId } = kafka;
  if (groupInstanceId === undefined) return settings;
  return { ...settings, kafka: { ...kafka, groupInstanceId: `${groupInstanceId}-${index}` } };
}

/**
 * Starts `count` members; they run until stopped.
 *
 * @example
 * ```ts
 * const workers = new Workers(settings, { count: 2, keysShown: 0, metrics: false }, reports, stop);
 * await workers.ended;
 * ```
 */
export class Workers {
  /** Resolves when every one has ended. Rejects then with the first error of any, which stops the others in order. */
  readonly ended: Promise<void>;

  readonly #threads: Thread[];

  constructor(settings: Config, options: WorkersOptions, reports: WorkersReports, stop: AbortSignal) {
    const { count, metrics } = options;
    const keysShown = shareOf(options.keysShown, count);
    this.#threads = Array.from(
      { length: count },
      (_, index) => new Thread({ settings: memberSettings(settings, index), keysShown, metrics }, reports),
    );
    const stopAll = (): void => this.#threads.forEach((thread) => thread.say({ type: "stop" }));
    stop.addEventListener("abort", stopAll);
    if (stop.aborted) stopAll();
    this.ended = this.#end(stopAll).finally(() => stop.removeEventListener("abort", stopAll));
  }

  /** Forecasts of all that have ended. */
  get forecasts(): number {
    return this.#threads.reduce((sum, { forecasts }) => sum + forecasts, 0);
  }

  /** The last message of each worker. */
  get standings(): readonly MemberStanding[] {
    return this.#threads.map(({ standing }) => standing);
  }

  /** The metrics of all workers as one text. */
  async metrics(): Promise<string> {
    return await (await this.#joined()).metrics();
  }

  /** The same as JSON. */
  async metricsJson(): Promise<MetricsJson> {
    return await (await this.#joined()).getMetricsAsJSON();
  }

  async #joined(): Promise<Registry> {
    const all = await Promise.all(this.#threads.map((thread) => thread.metrics()));
    return AggregatorRegistry.aggregate(all.map((metrics) => metrics.map(known)));
  }

  /** What the partitions of all workers know of a key. */
  async askKey(key: string, partition?: number, topic?: string): Promise<KeyAnswer> {
    return joinAnswers(
      await Promise.all(this.#threads.map((thread) => thread.askKey(key, partition, topic))),
    );
  }

  /** Puts reloaded settings in force. */
  reload(settings: Config, keysShown: KeptKeys | undefined): void {
    const share = shareOf(keysShown, this.#threads.length);
    for (const thread of this.#threads) thread.say({ type: "reload", settings, keysShown: share });
  }

  async #end(stopAll: () => void): Promise<void> {
    const failures: unknown[] = [];
    await Promise.all(
      this.#threads.map(async (thread) => {
        try {
          await thread.ended;
        } catch (error) {
          failures.push(error);
          stopAll();
        }
      }),
    );
    if (failures.length > 0) throw failures[0];
  }
}

/** The keys of the live page that each of `count` workers sends. */
function shareOf(keys: KeptKeys | undefined, count: number): KeptKeys | undefined {
  return typeof keys === "number" ? Math.ceil(keys / count) : keys;
}

interface MetricJson {
  readonly values: readonly { readonly value: number }[];
}

/** Skips values that a worker does not know yet: NaN would make the sum unknown. */
function known<T extends MetricJson>(metric: T): T {
  return { ...metric, values: metric.values.filter(({ value }) => !Number.isNaN(value)) };
}

class Thread {
  readonly ended: Promise<void>;
  /** Those that landed, told at its end. */
  forecasts = 0;
  standing: MemberStanding = { assigned: undefined, held: 0, live: 0, heardAt: 0 };

  readonly #worker: Worker;
  readonly #reports: WorkersReports;
  readonly #answers = new Map<number, (answer: WorkerAnswer) => void>();
  #requests = 0;
  #lastMetrics: MetricJson[] = [];
  #hasEnded = false;

  constructor(workerData: WorkerData, reports: WorkersReports) {
    this.#reports = reports;
    this.#worker = new Worker(new URL("./worker-thread.js", import.meta.url), { workerData });
    this.ended = new Promise<void>((resolve, reject) => {
      this.#worker.on("message", (message: FromWorker) => {
        if (message.type === "answer") {
          if (message.answer.about === "metrics") this.#lastMetrics = message.answer.metrics as MetricJson[];
          this.#answers.get(message.request)?.(message.answer);
          return;
        }
        if (message.type !== "ended") {
          this.#take(message);
          this.say({ type: "taken" });
          return;
        }
        this.#hasEnded = true;
        this.forecasts = message.forecasts;
        void this.#worker.terminate();
        if (message.error === undefined) resolve();
        else reject(errorOf(message.error));
      });
      this.#worker.on("error", reject);
      this.#worker.on("exit", (code) => {
        this.#hasEnded = true;
        reject(new Error(`a worker thread ended with ${code}`));
      });
    });
    // Rejects the promise that waits for all workers.
    this.ended.catch(() => undefined);
  }

  say(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Returns the worker's metrics as `Registry.getMetricsAsJSON` does; the last ones if it has ended or does not answer. */
  async metrics(): Promise<MetricJson[]> {
    await this.#ask({ about: "metrics" }, answerMilliseconds);
    return this.#lastMetrics;
  }

  /** Returns what the worker's partitions know of a key; nothing if it has ended. */
  async askKey(key: string, partition: number | undefined, topic: string | undefined): Promise<KeyAnswer> {
    const answer = await this.#ask({ about: "key", key, partition, topic }, keyMilliseconds);
    return answer?.about === "key" ? answer.answer : joinAnswers([]);
  }

  /** Resolves to undefined if the worker has ended or does not answer in time. */
  async #ask(question: WorkerQuestion, milliseconds: number): Promise<WorkerAnswer | undefined> {
    if (this.#hasEnded) return undefined;
    const request = this.#requests++;
    return await new Promise((resolve) => {
      const give = (answer?: WorkerAnswer): void => {
        clearTimeout(late);
        this.#answers.delete(request);
        resolve(answer);
      };
      const late = setTimeout(give, milliseconds);
      this.#answers.set(request, give);
      this.say({ type: "question", request, question });
    });
  }

  #take(report: Report): void {
    const reports = this.#reports;
    switch (report.type) {
      case "rejections":
        reports.rejections(report.rejection, report.count);
        break;
      case "update":
        reports.update(report.update);
        break;
      case "rows":
        reports.rows(report.rows, report.role);
        break;
      case "others":
        reports.others(report.count, report.role);
        break;
      case "standing":
        this.standing = report.standing;
        break;
    }
  }
}
