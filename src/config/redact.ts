/** Redacts a configuration for output: hides secrets and values from the environment. */
import { nodeAt, type SettingPath } from "./json-schema.js";
import type { Reference } from "./interpolate.js";
import type { Config } from "./schema.js";

/** A configuration, and which of its values came from the environment. */
export interface LoadedConfig {
  readonly settings: Config;
  readonly references: readonly Reference[];
}

const hidden = "[redacted]";
/** The user and password of an address, such as http://user:password@host. */
const userInfo = /^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i;

/**
 * Returns a copy that may be printed and logged: secrets, and user and password in an address, are "[redacted]", and values from the environment are references,
 * `${NAME}`.
 */
export function redact({ settings, references }: LoadedConfig): unknown {
  const written = new Map(references.map((reference) => [key(reference.path), reference.written]));
  const visit = (part: unknown, path: SettingPath): unknown => {
    const reference = written.get(key(path));
    if (nodeAt(path)?.writeOnly === true && part !== undefined) return reference ?? hidden;
    if (reference !== undefined) return reference;
    if (Array.isArray(part)) return part.map((item, index) => visit(item, [...path, index]));
    if (typeof part === "string") return part.replace(userInfo, `$1${hidden}@`);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, item]) => [name, visit(item, [...path, name])]),
    );
  };
  return visit(settings, []);
}

function key(path: SettingPath): string {
  return JSON.stringify(path);
}
