/** Says what a start would do with the saved state, for each value of the recovery settings. */
import type { OutlineStanding } from "../../adapters/kafka/offline/states.js";
import type { Finding } from "../../adapters/kafka/admin/lint.js";
import { UndercurrentError } from "../../errors/errors.js";
import { changedNames, signedSettings, tuningNames } from "../../forecast/snapshot/signature.js";
import {
  decideStart,
  rolesOf,
  type ModelSettings,
  type StartDecision,
} from "../../pipeline/task/recovery.js";
import type { RecoverySettings } from "../../pipeline/settings.js";

/** The settings that decide how a service starts. */
export interface PreviewSettings {
  readonly models: ModelSettings;
  readonly recovery: RecoverySettings;
}

/** Returns one finding for each group of partitions that a start treats alike. */
export function previewStarts(
  standings: readonly OutlineStanding[],
  settings: PreviewSettings,
): readonly Finding[] {
  const groups = new Map<string, { readonly finding: Finding; readonly partitions: number[] }>();
  for (const standing of standings) {
    const finding = previewStart(standing, settings);
    const key = JSON.stringify(finding);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { finding, partitions: [standing.partition] });
    else group.partitions.push(standing.partition);
  }
  return [...groups.values()].map(({ finding, partitions }) => {
    const which = `partition${partitions.length === 1 ? "" : "s"} ${partitions.join(", ")}`;
    return { ...finding, message: `${which}: ${finding.message}` };
  });
}

const subject = "start";

function previewStart(
  { misfit, state, committed, earliest }: OutlineStanding,
  { models, recovery }: PreviewSettings,
): Finding {
  const broken = misfit ?? (state instanceof UndercurrentError ? state : undefined);
  if (broken !== undefined) return { level: "error", code: broken.code, subject, message: broken.message };
  const found = state instanceof UndercurrentError ? undefined : state;
  const settings = found && { settings: found.settings, candidate: found.candidate?.settings };
  const { forecaster: model } = rolesOf(settings, models);
  const decide = (changes: Partial<RecoverySettings>): StartDecision =>
    decideStart(found, { committed, earliest }, { model, recovery: { ...recovery, ...changes } });
  const decision = decide({});
  const what = describe(decision, found?.offset);
  const choices = [
    ...choicesOf("recovery.changedModel", recovery.changedModel, (changedModel) => decide({ changedModel }), [
      "fail",
      "fresh",
      "migrate",
    ]),
    ...choicesOf("recovery.gap", recovery.gap, (gap) => decide({ gap }), ["fail", "fresh"]),
  ].map((choice) => `. ${choice}`);
  const changed = found === undefined ? [] : changedNames(found.settings, signedSettings(model));
  const untunable = changed.filter((name) => !tuningNames.includes(name));
  const limits =
    untunable.length === 0
      ? ""
      : `. migrate accepts other values of ${tuningNames.join(", ")} only; ${untunable.join(", ")} changed too`;
  const message = `${what}${choices.join("")}${limits}`;
  if (decision.kind === "refuse") return { level: "error", code: decision.code, subject, message };
  const isPlain = decision.kind === "resume" ? !decision.retuned : decision.reason === undefined;
  return { level: isPlain ? "ok" : "warning", subject, message };
}

/** Says what each value of a setting would lead to; nothing if all values lead to the same. */
function choicesOf<Value extends string>(
  name: string,
  configured: Value,
  decide: (value: Value) => StartDecision,
  values: readonly Value[],
): readonly string[] {
  const outcomes = values.map((value) => outcomeOf(decide(value)));
  if (new Set(outcomes).size === 1) return [];
  const each = values.map((value, index) => {
    return `${value}${value === configured ? " (configured)" : ""} would ${outcomes[index]!}`;
  });
  return [`${name}: ${each.join("; ")}`];
}

function outcomeOf(decision: StartDecision): string {
  switch (decision.kind) {
    case "refuse":
      return `end with ${decision.code}`;
    case "fresh":
      return `begin at offset ${decision.from} with an empty state`;
    case "resume":
      return decision.retuned
        ? "resume with the saved state and the new settings"
        : "resume with the saved state";
  }
}

function describe(decision: StartDecision, offset: number | undefined): string {
  const outcome = `the service would ${outcomeOf(decision)}`;
  if (decision.kind === "refuse") return `${outcome}: ${decision.message}`;
  if (decision.kind === "fresh") {
    return decision.reason === undefined ? outcome : `${outcome}: ${decision.reason}`;
  }
  return `${outcome} of offset ${offset} and replay the input up to offset ${decision.committed}`;
}
