/** Compares paths, and writes them as the settings take them. */
import type { Path } from "../../pipeline/decode-settings.js";

/** A path as a setting: its names with points between them, or a list where that would be another path. */
export function asPath(names: readonly string[]): Path {
  return names.some((name) => name.includes(".") || name === "") ? { path: [...names] } : names.join(".");
}

/** Whether a path leads to a member of what the other one leads to. */
export function isChild(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.length === outer.length + 1 && outer.every((name, depth) => inner[depth] === name);
}

/** Whether two paths lead to members of one object. */
export function areSiblings(one: readonly string[], other: readonly string[]): boolean {
  return isChild(one, other.slice(0, -1));
}
