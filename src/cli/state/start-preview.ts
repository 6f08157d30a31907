/** What a start would do with the state that it finds, for each recovery setting. */
import type { OutlineStanding } from "../../adapters/kafka/offline/states.js";
import type { Finding } from "../../adapters/kafka/admin/lint.js";
import { UndercurrentError } from "../../errors/errors.js";
import { changedNames, signedSettings, tuningNames } from "../../forecast/snapshot/signature.js";
import { decideStart, type StartDecision, type StartSettings } from "../../pipeline/task/recovery.js";
import type { RecoverySettings } from "../../pipeline/settings.js";

/** A finding for each group of partitions for which a start does the same. */
export function previewStarts(
  standings: readonly OutlineStanding[],
  settings: StartSettings,
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
  { model, recovery }: StartSettings,
): Finding {
  const broken = misfit ?? (state instanceof UndercurrentError ? state : undefined);
  if (broken !== undefined) return { level: "error", code: broken.code, subject, message: broken.message };
  const found = state instanceof UndercurrentError ? undefined : state;
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
  ].map((choice) => `; ${choice}`);
  const changed = found === undefined ? [] : changedNames(found.settings, signedSettings(model));
  const untunable = changed.filter((name) => !tuningNames.includes(name));
  const limits =
    untunable.length === 0
      ? ""
      : `; migrate takes a change of ${tuningNames.join(", ")} alone, and ${untunable.join(", ")} changed`;
  const message = `${what}${choices.join("")}${limits}`;
  if (decision.kind === "refuse") return { level: "error", code: decision.code, subject, message };
  const isPlain = decision.kind === "resume" ? !decision.retuned : decision.reason === undefined;
  return { level: isPlain ? "ok" : "warning", subject, message };
}

/** What each value of a setting leads to, where that is not the same for all. */
function choicesOf<Value extends string>(
  name: string,
  configured: Value,
  decide: (value: Value) => StartDecision,
  values: readonly Value[],
): readonly string[] {
  const outcomes = values.map((value) => outcomeOf(decide(value)));
  if (new Set(outcomes).size === 1) return [];
  const each = values.map((value, index) => {
    return `${value}${value === configured ? " (configured)" : ""} ${outcomes[index]!}`;
  });
  return [`with ${name} ${each.join(", ")}`];
}

function outcomeOf(decision: StartDecision): string {
  switch (decision.kind) {
    case "refuse":
      return `ends with ${decision.code}`;
    case "fresh":
      return `begins at offset ${decision.from} with an empty state`;
    case "resume":
      return decision.retuned ? "goes on with the state and the new settings" : "goes on with the state";
  }
}

function describe(decision: StartDecision, offset: number | undefined): string {
  const outcome = `a start ${outcomeOf(decision)}`;
  if (decision.kind === "refuse") return `${outcome}: ${decision.message}`;
  if (decision.kind === "fresh") {
    return decision.reason === undefined ? outcome : `${outcome}: ${decision.reason}`;
  }
  return `${outcome} of offset ${offset}, and replays the input up to ${decision.committed}`;
}
