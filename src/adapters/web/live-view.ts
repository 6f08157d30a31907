/** The memory of the live page: the last points and running scores of the first keys, or of named ones, within fixed bounds. */
import type { ErrorCode } from "../../errors/errors.js";
import type { GroupNote } from "../../forecast/incidents/groups/watcher.js";
import type { Incident } from "../../forecast/incidents/incidents.js";
import type { IncidentNote } from "../../forecast/incidents/watcher.js";
import type { UpdateReport } from "../../forecast/learning/schedule.js";
import type { ForecastBatch, Rejection, Telemetry } from "../../pipeline/telemetry.js";
import { EventRate } from "./event-rate.js";
import { LossCurve } from "./loss-curve.js";
import { nullable, Series } from "./series.js";
import {
  detailPoints,
  type Anomaly,
  type ModelFigures,
  type Nullable,
  type PageIncident,
  type Status,
} from "./wire.js";

export interface LiveViewOptions {
  /** Name of the model, such as `gru32`. */
  readonly model: string;
  /** Nominal coverage of the intervals, 0 to 1. */
  readonly level: number;
  /** Points kept for a key. */
  readonly points?: number;
  /** Keys kept, in the order of their first event. */
  readonly keys?: KeptKeys;
  /** Name of the model of a candidate, whose figures stand beside those of the model. Default: none. */
  readonly candidate?: string | undefined;
  /** Milliseconds, for events per second. */
  readonly now?: () => number;
}

const lossPoints = 256;
const anomaliesKept = 20;
const incidentsKept = 12;
/** Default number of keys that a live view keeps. */
export const keysKept = 200;
/** The first N keys that arrive, or the named keys. */
export type KeptKeys = number | readonly string[];

/** Most keys that a live view keeps, however often its keys are changed. */
const mostKept = 2 * keysKept;

/** Returns whether one more key is kept. */
export function keyFilter(keys: KeptKeys): (key: string, kept: number) => boolean {
  if (typeof keys === "number") return (_, kept) => kept < keys;
  const named = new Set(keys);
  return (key, kept) => kept < mostKept && named.has(key);
}

/**
 * Telemetry for the live page. Its memory is bounded by `points` times `keys` (about 48 bytes each) 256 points of
 * the loss curve and 12 incidents, however long the stream and whatever its keys; observations of further keys are counted.
 *
 * @example
 * ```ts
 * const view = new LiveView({ model: "gru32", level: 0.9 });
 * const { url, close } = await serve({ view, registry, port: 7070, title: "Pumps" });
 * ```
 */
export class LiveView implements Telemetry {
  readonly #options: Required<Omit<LiveViewOptions, "candidate">>;
  /** Takes what a candidate does. */
  readonly candidate: LiveView | undefined;
  readonly #byKey = new Map<string, Series>();
  readonly #series: Series[] = [];
  readonly #touched = new Map<Series, number>();
  readonly #rejections = new Map<ErrorCode, number>();
  readonly #rate = new EventRate();
  readonly #anomalies: Anomaly[] = [];
  #isKept: (key: string, kept: number) => boolean;
  readonly loss = new LossCurve(lossPoints);
  readonly #incidents: PageIncident[] = [];
  #incidentRevision = 0;
  #anomalyTotal = 0;
  #events = 0;
  #unkeptEvents = 0;
  #version = 0;

  constructor({ candidate, ...options }: LiveViewOptions) {
    this.#options = { points: detailPoints, keys: keysKept, now: Date.now, ...options };
    // Of the candidate no points are shown.
    this.candidate =
      candidate === undefined ? undefined : new LiveView({ ...options, points: 2, model: candidate });
    this.#isKept = keyFilter(this.#options.keys);
  }

  forecasts(batch: ForecastBatch): void {
    const { columns, count, experts } = batch;
    for (let row = 0; row < count; row++) {
      const series = this.#seriesOf(batch.keyOf(columns.slots[row]!));
      if (series === undefined) {
        this.#unkeptEvents++;
        continue;
      }
      series.append(columns, row);
      this.#touched.set(series, row);
      if (columns.anomalyScore[row]! > 1) this.#keepAnomaly(series.id, batch, row);
    }
    for (const [series, row] of this.#touched) {
      series.setNext(columns, row);
      if (series.watched && experts !== undefined) series.setExperts(experts, columns.slots[row]!);
    }
    this.#touched.clear();
    batch.incidents?.forEach((note) => this.#keepIncidentOfKey(batch.keyOf(note.slot), note));
    batch.groupIncidents?.forEach((note) => this.#keepIncidentOfGroup(batch, note));
    this.#events += count;
    this.#rate.add(this.#options.now(), count);
  }

  /** From now on keeps the series of these keys too, as long as no more than `mostKept` are kept. */
  keep(keys: KeptKeys): void {
    this.#isKept = keyFilter(keys);
    this.candidate?.keep(keys);
  }

  /** Counts observations of keys that are not kept, and were not among the rows. */
  others(count: number): void {
    this.#unkeptEvents += count;
    this.#events += count;
    this.#rate.add(this.#options.now(), count);
  }

  rejection({ code }: Rejection, count = 1): void {
    this.#rejections.set(code, (this.#rejections.get(code) ?? 0) + count);
  }

  update(update: UpdateReport): void {
    this.#version = update.version;
    this.loss.add(update.version, update.loss);
  }

  /** The series that are kept, in the order of their first event. */
  get series(): readonly Series[] {
    return this.#series;
  }

  /** Anomalies since the start. */
  get anomalyTotal(): number {
    return this.#anomalyTotal;
  }

  /** The latest anomalies, newest first. */
  latestAnomalies(): readonly Anomaly[] {
    return this.#anomalies.toReversed();
  }

  /** Changes of incidents since the start. */
  get incidentRevision(): number {
    return this.#incidentRevision;
  }

  /** The incidents that were opened last, newest first. */
  latestIncidents(): readonly PageIncident[] {
    return this.#incidents.toReversed();
  }

  /** Figures of the model, for a comparison with another one on the same events. */
  figures(): ModelFigures {
    return {
      model: this.#options.model,
      events: this.#events,
      skill: median(this.#series.map((series) => series.score.skill)),
      coverage: mean(this.#series.map((series) => series.score.coverage)),
      anomalies: this.#anomalyTotal,
    };
  }

  status(): Status {
    const { level, now } = this.#options;
    return {
      ...this.figures(),
      level,
      eventsPerSecond: this.#rate.perSecond(now()),
      version: this.#version,
      series: this.#series.length,
      unkeptEvents: this.#unkeptEvents,
      rejections: Object.fromEntries(this.#rejections),
      ...(this.candidate !== undefined && { candidate: this.candidate.figures() }),
    };
  }

  #seriesOf(key: string): Series | undefined {
    const known = this.#byKey.get(key);
    if (known !== undefined || !this.#isKept(key, this.#series.length)) return known;
    const series = new Series(this.#series.length, key, this.#options.points);
    this.#byKey.set(key, series);
    this.#series.push(series);
    return series;
  }

  #keepIncidentOfKey(key: string, { incident }: IncidentNote): void {
    const series = this.#byKey.get(key);
    if (series === undefined) return;
    const { position, kind } = incident;
    const before = this.#incidents.findIndex(
      (each) =>
        each.group === undefined &&
        each.id === series.id &&
        each.position === position &&
        (each.kind === "silence") === (kind === "silence"),
    );
    this.#keepIncident(before, series, incident);
  }

  #keepIncidentOfGroup({ keyOf }: Pick<ForecastBatch, "keyOf">, note: GroupNote): void {
    const { group: name, incident } = note;
    const before = this.#incidents.findIndex(
      (each) => each.group?.name === name && each.position === incident.position,
    );
    const known = this.#incidents[before];
    const members = note.members.map(({ slot }) => keyOf(slot));
    const first = members.find((key) => this.#byKey.has(key));
    // At its end a group may have no member that deviates.
    const series = first === undefined ? this.#series[known?.id ?? -1] : this.#byKey.get(first);
    if (series === undefined) return;
    const group = { name, members: members.length === 0 ? (known?.group?.members ?? []) : members };
    this.#keepIncident(before, series, incident, group);
  }

  /** `before` is the index of the incident where it is known, else -1. */
  #keepIncident(before: number, series: Series, incident: Incident, group?: PageIncident["group"]): void {
    const { position, state, kind, direction, muted, begin, end, severity, peak } = incident;
    const kept: PageIncident = {
      ...{ id: series.id, position, state, kind: kind ?? null, direction: direction ?? null, muted },
      ...{ begin, end, severity, ...(group !== undefined && { group }) },
      peak: { value: nullable(peak.value), expected: nullable(peak.expected) },
      picture: series.picture(begin),
    };
    this.#incidentRevision++;
    if (before >= 0) this.#incidents[before] = kept;
    else if (this.#incidents.push(kept) > incidentsKept) this.#incidents.shift();
  }

  #keepAnomaly(id: number, { columns }: ForecastBatch, row: number): void {
    this.#anomalyTotal++;
    if (this.#anomalies.length === anomaliesKept) this.#anomalies.shift();
    this.#anomalies.push({
      id,
      time: columns.times[row]!,
      value: columns.values[row]!,
      expected: columns.expected[row]!,
      score: columns.anomalyScore[row]!,
    });
  }
}

function mean(numbers: readonly number[]): Nullable {
  const known = numbers.filter(Number.isFinite);
  return nullable(known.reduce((sum, number) => sum + number, 0) / known.length);
}

function median(numbers: readonly number[]): Nullable {
  const known = numbers.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = known.length >> 1;
  if (known.length % 2 === 1) return known[middle]!;
  return known.length === 0 ? null : (known[middle - 1]! + known[middle]!) / 2;
}
