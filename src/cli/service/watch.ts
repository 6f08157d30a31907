/** The live page and the metrics of a command that runs until it is stopped. */
import type { Registry } from "prom-client";
import { PrometheusTelemetry } from "../../adapters/prometheus/telemetry.js";
import { keysKept, LiveView, type KeptKeys } from "../../adapters/web/live-view.js";
import { serve, type LiveServer, type ServeOptions } from "../../adapters/web/server.js";
import type { IncidentCounts } from "../../forecast/incidents/watcher.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import type { ModelSettings } from "../../pipeline/task/recovery.js";
import {
  joinedMetrics,
  joinedSource,
  measureCandidate,
  ofCandidate,
  type MetricsJson,
} from "./candidate-metrics.js";
import { fanOut, type Telemetry } from "../../pipeline/telemetry.js";
import { packageVersion } from "../shared/version.js";

export interface Watch {
  /** Where further metrics are to be registered. */
  readonly registry: Registry;
  /** Takes the telemetry of everything. */
  readonly telemetry: Telemetry;
  /** To be told how long each update of the weights took. */
  learned(seconds: number): void;
  /** To be told that a partition was given up. */
  released(): void;
  /** From now on, these keys have metrics of their own. */
  showSeries(keys: readonly string[]): void;
  /** Returns all metrics as JSON. */
  metrics(): Promise<MetricsJson>;
  /** Throws ADDRESS_IN_USE, ADDRESS_UNUSABLE or PAGE_MISSING. */
  serve(at: Omit<ServeOptions, "view" | "registry">): Promise<LiveServer>;
}

/** What is in memory now: a forecaster, or the tasks of an instance. */
export interface Held {
  readonly keyCount: number;
  readonly incidentCounts: IncidentCounts;
}

/**
 * The telemetry of a model as metrics, with series for the keys that are named. `held` is asked at each scrape.
 */
export function measure(
  { cell, hidden, intervalLevels }: ForecasterSettings,
  held: Held,
  series: readonly string[] = [],
): PrometheusTelemetry {
  const model = `${cell}${hidden}`;
  return new PrometheusTelemetry({
    version: packageVersion(),
    model,
    level: intervalLevels[0]!,
    keys: () => held.keyCount,
    openIncidents: () => held.incidentCounts,
    series,
  });
}

/** The memory of a live page for a model, and the candidate beside it. */
export function viewOf({ forecaster, candidate }: ModelSettings, keys: KeptKeys = keysKept): LiveView {
  const nameOf = ({ cell, hidden }: ForecasterSettings): string => `${cell}${hidden}`;
  return new LiveView({
    model: nameOf(forecaster),
    level: forecaster.intervalLevels[0]!,
    keys,
    candidate: candidate && nameOf(candidate),
  });
}

/** Creates the metrics of a model in this thread, and the page if there is a view. */
export function watch(
  { forecaster, candidate }: ModelSettings,
  held: Held,
  view: LiveView | undefined,
  series: readonly string[] = [],
): Watch {
  const prometheus = measure(forecaster, held, series);
  const other = candidate && measureCandidate(candidate, held);
  const targets = [...(view === undefined ? [] : [view]), prometheus, ...(other ? [ofCandidate(other)] : [])];
  const registries = [prometheus.registry, ...(other ? [other.registry] : [])];
  const source = other && joinedSource(registries);
  return {
    registry: prometheus.registry,
    learned: (seconds) => prometheus.learned(seconds),
    released: () => prometheus.released(),
    showSeries: (keys) => prometheus.showSeries(keys),
    telemetry: targets.length === 1 ? prometheus : fanOut(...targets),
    metrics: () => joinedMetrics(registries),
    serve: (at) => serve({ view, registry: source ?? prometheus.registry, ...at }),
  };
}
