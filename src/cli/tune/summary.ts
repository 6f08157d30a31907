/** What `tune` tells: the recommended settings, how sure they are, and what each choice would have alarmed on. */
import type { IncidentKind } from "../../forecast/incidents/incidents.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import {
  bestOf,
  choose,
  crossValidate,
  f1,
  perDay,
  rankForecasters,
  type Choice,
  type Goal,
} from "./choose.js";
import { level, type Interval } from "./certainty.js";
import { isRight, type Folds, type SampleLabels } from "./folds.js";
import { gateChoices } from "./grid.js";
import type { Outcome } from "./replay.js";
import type { Sample } from "./sample.js";
import { configurationText, modelSection } from "./settings.js";
import type { FoundIncident } from "./watch.js";

/** What the replay found. */
export interface Found {
  readonly files: readonly string[];
  /** By forecaster. */
  readonly settings: readonly ForecasterSettings[];
  readonly sample: Sample;
  readonly folds: Folds;
  readonly labels: SampleLabels | undefined;
  readonly goal: Goal;
  readonly choices: readonly (Choice & Outcome)[];
  readonly keyOf: (slot: number) => string;
}

/** An incident that a choice tells. Times are ISO 8601. */
export interface ToldIncident {
  /** The key, or the group. */
  readonly key: string;
  /** Number of its first event in the sample, from 0. */
  readonly position: number;
  readonly begin: string;
  readonly end: string;
  readonly opened: string;
  readonly kind: IncidentKind | "group" | null;
  readonly direction: "above" | "below" | null;
  readonly severity: number;
  readonly peak: { readonly time: string; readonly value: number | null; readonly expected: number | null };
  readonly events: number;
  /** Whether it lies in a labelled window; null without labels. */
  readonly right: boolean | null;
}

export interface ChoiceSummary {
  /** A for the recommended one, then B, C, … */
  readonly name: string;
  readonly cell: string;
  readonly readout: string;
  readonly alarmRate: number;
  readonly recurring: boolean;
  readonly gates: string;
  /** Skill of the forecasts against persistence, mean over the folds. */
  readonly skill: number;
  readonly told: number;
  readonly perDay: number;
  readonly f1: number | null;
  readonly right: number | null;
  readonly wrong: number | null;
  readonly missed: number | null;
  /** What to write into the section `model`. */
  readonly model: Readonly<Record<string, unknown>>;
  readonly incidents: readonly ToldIncident[];
}

export interface TuneSummary {
  readonly files: readonly string[];
  readonly sample: {
    readonly events: number;
    readonly keys: number;
    readonly scored: number;
    readonly days: number;
    readonly windows: number | null;
  };
  readonly goal: { readonly incidentsPerDay: number | null; readonly labels: boolean };
  readonly met: boolean;
  readonly configuration: string;
  readonly heldOut: {
    readonly folds: number;
    readonly of: "time" | "keys";
    readonly level: number;
    readonly told: number;
    readonly perDay: number;
    readonly perDayInterval: Interval;
    readonly f1: number | null;
    readonly f1Interval: Interval | null;
  };
  /** What limits the figures, each in a plain sentence. */
  readonly cautions: readonly string[];
  readonly choices: readonly ChoiceSummary[];
}

/** Fewest incidents that the goal must allow in the sample, fewest windows, and values up to which a key's rate is not settled. */
const fewIncidents = 10;
const fewWindows = 10;
const youngValues = 2000;

export function summarise(found: Found): TuneSummary {
  const { settings, sample, folds, goal, choices, labels } = found;
  const { days } = folds;
  const all = days.map((_, fold) => fold);
  const foldOf = (slot: number, time: number): number => folds.foldOf(slot, time);
  const trial = { goal, choices, days, skills: sample.skills(days.length, foldOf) };
  const { choice, met } = choose(trial, all);
  const best = choice as Choice & Outcome;
  const gates = gateChoices.map((_, index) =>
    bestOf(trial, all, { gates: index, forecaster: best.forecaster, recurring: best.recurring }),
  );
  const forecasters = rankForecasters(trial.skills, all).map((forecaster) =>
    bestOf(trial, all, { forecaster, gates: best.gates, recurring: best.recurring }),
  );
  const shown = [...new Set([best, ...gates, ...forecasters])].flatMap((each) => each ?? []) as (Choice &
    Outcome)[];
  const { told, perDay: realised, perDayInterval, f1: score, f1Interval } = crossValidate(trial);
  const spans = sample.spans.flatMap((span) => span ?? []);
  const total = days.reduce((sum, each) => sum + each, 0);
  const summaries = shown.map((each, index) =>
    summariseChoice(each, {
      found,
      name: nameOf(index),
      skill: meanOf(trial.skills[each.forecaster]!.filter(Number.isFinite)),
    }),
  );
  const heldOut = {
    folds: days.length,
    of: folds.kind,
    level,
    told,
    perDay: realised,
    perDayInterval,
    f1: score ?? null,
    f1Interval: f1Interval ?? null,
  };
  return {
    files: found.files,
    sample: {
      events: sample.events,
      keys: spans.length,
      scored: spans.reduce((sum, { scored }) => sum + scored, 0),
      days: total,
      windows: labels?.windows.length ?? null,
    },
    goal: {
      incidentsPerDay: goal.incidentsPerDay === Infinity ? null : goal.incidentsPerDay,
      labels: goal.labelled,
    },
    met,
    configuration: configurationText(
      modelSection(settings[best.forecaster]!, best),
      settings[best.forecaster]!.aggregate,
    ),
    heldOut,
    cautions: cautionsOf(found, { met, perDay: summaries[0]!.perDay, heldOut: realised, days: total }),
    choices: summaries,
  };
}

interface Naming {
  readonly found: Found;
  readonly name: string;
  readonly skill: number;
}

function summariseChoice(choice: Choice & Outcome, { found, name, skill }: Naming): ChoiceSummary {
  const { settings, labels, folds } = found;
  const all = folds.days.map((_, fold) => fold);
  const { cell, readout } = settings[choice.forecaster]!;
  const told = choice.incidents.filter(({ incident }) => !incident.muted);
  const sum = (part: "right" | "wrong" | "missed"): number | null =>
    labels === undefined ? null : choice.counts.reduce((total, counts) => total + counts[part], 0);
  return {
    name,
    cell,
    readout,
    alarmRate: choice.alarmRate,
    recurring: choice.recurring,
    gates: gateChoices[choice.gates]!.name,
    skill,
    told: told.length,
    perDay: perDay(choice, folds.days, all),
    f1: labels === undefined ? null : f1(choice, all),
    right: sum("right"),
    wrong: sum("wrong"),
    missed: sum("missed"),
    model: modelSection(settings[choice.forecaster]!, choice),
    incidents: told.map((each) => toldIncident(each, found)),
  };
}

function toldIncident(told: FoundIncident, { keyOf, labels }: Found): ToldIncident {
  const { slot, group, toldAt, incident } = told;
  const { position, begin, end, kind, direction, severity, peak, events } = incident;
  return {
    key: group?.name ?? keyOf(slot),
    position,
    begin: isoTime(begin),
    end: isoTime(end),
    opened: isoTime(toldAt),
    kind: group === undefined ? (kind ?? null) : "group",
    direction: direction ?? null,
    severity,
    peak: {
      time: isoTime(peak.time),
      value: nullable(peak.value),
      expected: nullable(peak.expected),
    },
    events,
    right: labels?.windows.some((window) => isRight(told, window)) ?? null,
  };
}

function nullable(number: number): number | null {
  return Number.isNaN(number) ? null : number;
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

interface Measured {
  readonly met: boolean;
  readonly perDay: number;
  readonly heldOut: number;
  readonly days: number;
}

function cautionsOf(
  { goal, labels, sample, folds }: Found,
  { met, perDay, heldOut, days }: Measured,
): string[] {
  const wish = goal.incidentsPerDay;
  const spans = sample.spans.flatMap((span) => span ?? []);
  const young = spans.filter(({ scored }) => scored < youngValues).length;
  const unscored = labels === undefined ? 0 : labels.unscored;
  const said: (string | false)[] = [
    !met &&
      `No setting that was tried tells at most ${plain(wish)} incidents a day: the recommended one tells ${plain(perDay)}, the fewest.`,
    wish !== Infinity &&
      wish * days < fewIncidents &&
      `The sample is too small to be sure: ${plain(wish)} incidents a day are ${plain(wish * days)} in its ${plain(days)} days. Replay at least ${plain(fewIncidents / wish)} days.`,
    labels !== undefined &&
      labels.windows.length < fewWindows &&
      `The sample is too small to be sure: labelled windows: ${labels.windows.length}. With fewer than ${fewWindows}, one more or less may change the choice.`,
    young > 0 &&
      `Keys with fewer than ${youngValues.toLocaleString("en")} scored values: ${young} of ${spans.length}. Young keys alarm more often; their rate falls later.`,
    met &&
      wish !== Infinity &&
      heldOut > wish &&
      `On held-out folds the choice told ${plain(heldOut)} incidents a day, more than the ${plain(wish)} asked for.`,
    unscored > 0 &&
      `Labelled windows outside the scored time of their keys, left out: ${unscored}. The first 100 values of a key have no score.`,
    labels !== undefined &&
      labels.unknown > 0 &&
      `Labelled windows of keys that the sample does not have, left out: ${labels.unknown}.`,
    folds.kind === "time" &&
      days === 0 &&
      "All scored values have the same time: there are no days to count incidents by.",
  ];
  return said.filter((sentence) => sentence !== false);
}

/** A number for a sentence: at most two digits after the point. */
function plain(value: number): string {
  return Number(value.toPrecision(value < 1 ? 2 : 3)).toLocaleString("en");
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

function nameOf(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}
