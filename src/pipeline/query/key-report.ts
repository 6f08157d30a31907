/** Describes what the state of a partition holds of one key, as plain data. */
import { forecastColumns } from "../../forecast/columns.js";
import { lossDiscount } from "../../forecast/experts/losses.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import type { Incident } from "../../forecast/incidents/incidents.js";
import type { KeyInspection } from "../../forecast/key-forecaster.js";
import type { Origin } from "../decode/dead-letter.js";
import { incidentId } from "../encode/incident-id.js";
import { IncidentMessages } from "../encode/incident-message.js";
import { JsonText } from "../encode/json-text.js";
import { ForecastMessages } from "../encode/message.js";

/** Last values of a key in a report. */
export const mostValues = 64;

/** A key as its last committed event left it. Null stands for what there is not. */
export interface KeyReport {
  /** The input topic, where there are several. */
  readonly topic?: string;
  readonly partition: number;
  /** Input offset of the commit: records before it are part of the report. */
  readonly offset: number;
  /** Events of the key, those without a value included. */
  readonly events: number;
  /** Event time of the last event, ISO 8601. */
  readonly time: string | null;
  /** The last observed value. */
  readonly value: number | null;
  /** The last values, at most 64, the oldest first; empty for keys without a memory for seasons. */
  readonly values: readonly (number | null)[];
  /** The members of the key's last forecast message that are of its next value and further steps. */
  readonly forecast: Readonly<Record<string, unknown>>;
  /** Running mean of the values, and typical size of their changes. */
  readonly level: number;
  readonly scale: number;
  readonly experts: readonly ReportedExpert[];
  /** Mean absolute error over about the last 100 values. */
  readonly errors: { readonly mixture: number | null; readonly lastValue: number | null };
  /** The open incident or the last one, and an open silence, as messages of the incidents topic have them. */
  readonly incidents: readonly Readonly<Record<string, unknown>>[];
}

/** An expert of a key's mixture. */
export interface ReportedExpert {
  readonly name: string;
  /** Share in the forecast; the shares sum to 1. */
  readonly weight: number;
  readonly forecast: number;
  /** Above 0 where the expert has done worse than the mixture lately; null for the most frequent value. */
  readonly regret: number | null;
}

/** Returns the report of a key; undefined for a key without a state. Changes nothing. */
export function reportKey(
  forecaster: Forecaster,
  origin: Origin,
  key: string,
  offset: number,
): KeyReport | undefined {
  if (!forecaster.has(key)) return undefined;
  const slot = forecaster.slotOf(key);
  const inspected = forecaster.inspect(slot, mostValues);
  const { level, scale, experts } = forecaster.explain(slot);
  const { time, ...forecast } = forecastOf(forecaster, origin, slot);
  return {
    partition: origin.partition,
    offset,
    events: inspected.events,
    time: time as string | null,
    value: nullable(inspected.value),
    values: inspected.values.map(nullable),
    forecast,
    level,
    scale,
    experts: experts.map((expert, e) => ({ ...expert, regret: inspected.standing.regrets[e] ?? null })),
    errors: errorsOf(inspected, scale),
    incidents: inspected.incidents.map((incident) => incidentOf(origin, key, incident, inspected)),
  };
}

/** The message of the forecast without what judges the last value. */
function forecastOf(forecaster: Forecaster, origin: Origin, slot: number): Record<string, unknown> {
  const { horizon, intervalLevels } = forecaster.settings;
  const columns = forecastColumns(1, horizon, intervalLevels);
  forecaster.forecast(slot, columns);
  const messages = new ForecastMessages(
    (version) => forecaster.modelName(version),
    (position) => incidentId(origin, { position }),
  );
  messages.write(columns, 0, (each) => forecaster.keyOf(each));
  const { key: _key, value: _value, expected: _expected, anomaly_score: _score, ...rest } = written();
  return rest;
}

function incidentOf(
  origin: Origin,
  key: string,
  incident: Incident,
  { group }: KeyInspection,
): Record<string, unknown> {
  new IncidentMessages(origin).write(key, {
    ...{ row: 0, slot: 0, time: NaN, change: "opened" },
    ...{ incident, group },
  });
  const { key: _key, change: _change, time: _time, ...rest } = written();
  return rest;
}

function errorsOf({ standing, observed }: KeyInspection, scale: number): KeyReport["errors"] {
  // The sum of the weights of the errors: a key's first value has none.
  const weights = (1 - lossDiscount ** Math.max(observed - 1, 0)) / (1 - lossDiscount);
  const mean = (sum: number): number | null => (weights === 0 ? null : nullable((scale * sum) / weights));
  return { mixture: mean(standing.lossOfMixture), lastValue: mean(standing.lossOfLast) };
}

/** Takes the message that was written to the process's text. */
function written(): Record<string, unknown> {
  return JSON.parse(JsonText.shared().take().toString()) as Record<string, unknown>;
}

function nullable(number: number): number | null {
  return Number.isFinite(number) ? number : null;
}
