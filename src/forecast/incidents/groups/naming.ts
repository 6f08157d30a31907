/** Names the group of a key: by a pattern of the key, or at a path in the key's first event. */
import type { IncidentSettings } from "../settings.js";

/** The setting that names the groups. */
export type GroupSetting = NonNullable<IncidentSettings["group"]>;

/** Longest name of a group: longer ones are cut. */
const longestName = 200;

/** Returns the setting as a text, which a snapshot keeps: groups of another setting begin anew. */
export function namingText(setting: GroupSetting): string {
  return typeof setting === "string" ? setting : JSON.stringify({ path: pathOfGroup(setting) });
}

/** Returns the names of the path, outermost first; undefined for a pattern of the key. */
export function pathOfGroup(setting: GroupSetting | undefined): readonly string[] | undefined {
  if (setting === undefined || typeof setting === "string") return undefined;
  return typeof setting.path === "string" ? setting.path.split(".") : setting.path;
}

/** Returns what names the group of a key by its pattern; undefined for a path in the event. */
export function patternOfGroup(setting: GroupSetting): ((key: string) => string | undefined) | undefined {
  if (typeof setting !== "string") return undefined;
  const expression = new RegExp(setting, "u");
  return (key) => {
    const found = expression.exec(key);
    return found === null ? undefined : (found[1] ?? found[0]);
  };
}

/** Returns the group at a path of an event; own properties only. */
export function groupAt(event: unknown, path: readonly string[]): string | undefined {
  let found = event;
  for (const name of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return groupNamed(found);
}

/** Returns the group that a value in an event names: a text, a number or a boolean; undefined for any other. */
export function groupNamed(found: unknown): string | undefined {
  const isName = typeof found === "string" || typeof found === "number" || typeof found === "boolean";
  const name = isName ? String(found).slice(0, longestName) : "";
  return name === "" ? undefined : name;
}
