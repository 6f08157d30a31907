/**
 * `${NAME}` and `${NAME:-default}` in the values of a configuration that is parsed already: what a variable holds
 * becomes part of one text, and can never become a setting, a list or a line of its own.
 */
import { nodeAt, type SettingNode, type SettingPath } from "./json-schema.js";
import type { ConfigIssue } from "./yaml.js";

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value that was made from the environment. */
export interface Reference {
  readonly path: SettingPath;
  /** The text as it was written, with the names in place of what they hold. */
  readonly written: string;
  readonly text: string;
}

export interface Interpolated {
  readonly value: unknown;
  readonly references: readonly Reference[];
  readonly issues: readonly ConfigIssue[];
}

/** In order: `$$` before a brace stands for `$`; a reference; a brace that opens and is none. */
const pattern = /\$\$(?=\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/**
 * Puts variables in place of their references, in values only. The text becomes a number or a truth value where the
 * schema has one at this place and the text is one. A variable that is not set and has no default is an issue.
 */
export function interpolate(value: unknown, environment: Environment): Interpolated {
  const references: Reference[] = [];
  const issues: ConfigIssue[] = [];
  const visit = (part: unknown, path: SettingPath): unknown => {
    if (Array.isArray(part)) return part.map((item, index) => visit(item, [...path, index]));
    if (typeof part === "object" && part !== null) {
      return Object.fromEntries(
        Object.entries(part).map(([name, item]) => [name, visit(item, [...path, name])]),
      );
    }
    return typeof part === "string" && part.includes("${") ? substitute(part, path) : part;
  };
  const substitute = (written: string, path: SettingPath): unknown => {
    const used: string[] = [];
    const text = written.replace(pattern, (match: string, name?: string, fallback?: string) => {
      if (match === "$$") return "$";
      if (name === undefined) {
        issues.push({
          path,
          message: "invalid reference: write ${NAME} or ${NAME:-default}, or $${ for a literal ${",
        });
        return match;
      }
      used.push(name);
      const found = Object.hasOwn(environment, name) ? environment[name] : undefined;
      if (fallback !== undefined) return found === undefined || found === "" ? fallback : found;
      if (found !== undefined) return found;
      issues.push({ path, message: `the environment variable ${name} is not set` });
      return match;
    });
    if (used.length === 0) return text;
    references.push({ path, written, text });
    return typed(text, nodeAt(path));
  };
  return { value: visit(value, []), references, issues };
}

function typed(text: string, node: SettingNode | undefined): unknown {
  if (node?.type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (node?.type !== "number" && node?.type !== "integer") return text;
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : text;
}
