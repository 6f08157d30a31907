/** Writes chosen settings as the configuration that `run` and `backtest -c` read. */
import { stringify } from "yaml";
import { forecasterSettings, type ForecasterSettings } from "../../forecast/settings.js";
import { gateChoices } from "./grid.js";
import type { Choice } from "./choose.js";

/** Settings that are always written: what was chosen. */
const chosen = ["cell", "readout", "alarmRate"] as const;

/** A section of settings as plain objects. */
type Section = Readonly<Record<string, unknown>>;

/** Returns the settings of the section `model` that were chosen, or that differ from their default. */
export function modelSection(
  given: ForecasterSettings,
  { alarmRate, recurring, gates }: Pick<Choice, "alarmRate" | "recurring" | "gates">,
): Section {
  const detection = {
    ...given.detection,
    ...gateChoices[gates]!.changed,
    enabled: true,
    recurring,
  };
  // Windows are a section of their own.
  const { featureCount: _, aggregate: __, ...model } = { ...given, alarmRate, detection };
  const changed = changedFrom(model, { ...forecasterSettings() });
  const always = Object.fromEntries(chosen.map((name) => [name, model[name]]));
  return { ...always, ...changed };
}

/** Returns the YAML text of the section, and of the windows that the model was chosen for. */
export function configurationText(model: Section, aggregate?: Section): string {
  return stringify(
    { ...(aggregate !== undefined && { aggregate }), model },
    { flowCollectionPadding: false },
  );
}

/** Returns what differs from the defaults, section by section. */
function changedFrom(settings: Section, defaults: Section): Section {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => {
      const standard = defaults[name];
      if (value === undefined || JSON.stringify(value) === JSON.stringify(standard)) return [];
      if (!isSection(value) || !isSection(standard)) return [[name, value] as const];
      return [[name, changedFrom(value, standard)] as const];
    }),
  );
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
