/** Writes paths as the settings take them. */
import type { Path } from "../../pipeline/decode-settings.js";

/** A path as a setting: its names with points between them, or a list where that would be another path. */
export function asPath(names: readonly string[]): Path {
  return names.some((name) => name.includes(".") || name === "") ? { path: [...names] } : names.join(".");
}
