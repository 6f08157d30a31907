/** The live page and the metrics of a command that runs until it is stopped. */
import type { Registry } from "prom-client";
import { PrometheusTelemetry } from "../../adapters/prometheus/telemetry.js";
import { keysKept, LiveView, type KeptKeys } from "../../adapters/web/live-view.js";
import { serve, type LiveServer, type ServeOptions } from "../../adapters/web/server.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import { fanOut, type Telemetry } from "../../pipeline/telemetry.js";
import { packageVersion } from "../shared/version.js";

export interface Watch {
  /** Where further metrics are to be registered. */
  readonly registry: Registry;
  /** What is to be told of everything. */
  readonly telemetry: Telemetry;
  /** To be told how long each update of the weights took. */
  learned(seconds: number): void;
  /** To be told that a partition was given up. */
  released(): void;
  /** Throws ADDRESS_IN_USE, ADDRESS_UNUSABLE or PAGE_MISSING. */
  serve(at: Omit<ServeOptions, "view" | "registry">): Promise<LiveServer>;
}

/**
 * The telemetry of a model as metrics, with series for the keys that are named. `keys` tells how many keys there are; it
 * is asked at each scrape.
 */
export function measure(
  { cell, hidden, intervalLevels }: ForecasterSettings,
  keys: () => number,
  series: readonly string[] = [],
): PrometheusTelemetry {
  const model = `${cell}${hidden}`;
  return new PrometheusTelemetry({
    version: packageVersion(),
    model,
    level: intervalLevels[0]!,
    keys,
    series,
  });
}

/** The memory of a live page for a model. */
export function viewOf(
  { cell, hidden, intervalLevels }: ForecasterSettings,
  keys: KeptKeys = keysKept,
): LiveView {
  return new LiveView({ model: `${cell}${hidden}`, level: intervalLevels[0]!, keys });
}

/** Metrics for a model in this thread, and a page, where there is a view. */
export function watch(
  settings: ForecasterSettings,
  keys: () => number,
  view: LiveView | undefined,
  series: readonly string[] = [],
): Watch {
  const prometheus = measure(settings, keys, series);
  return {
    registry: prometheus.registry,
    learned: (seconds) => prometheus.learned(seconds),
    released: () => prometheus.released(),
    telemetry: view === undefined ? prometheus : fanOut(view, prometheus),
    serve: (at) => serve({ view, registry: prometheus.registry, ...at }),
  };
}
