/**
 * Replaces `${NAME}` and `${NAME:-default}` in the values of a parsed configuration. The content of a variable becomes part of
 * one text and never a setting, a list or a line.
 */
import { nodeAt, type SettingNode, type SettingPath } from "./json-schema.js";
import type { ConfigIssue } from "./yaml.js";

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value that was made from the environment. */
export interface Reference {
  readonly path: SettingPath;
  /** The text as written, with names instead of their content. */
  readonly written: string;
  readonly text: string;
}

export interface Interpolated {
  readonly value: unknown;
  readonly references: readonly Reference[];
  readonly issues: readonly ConfigIssue[];
}

/** Returns the value with its texts written so that none of them is a reference: they come back as they were. */
export function withoutReferences(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("${", () => "$${");
  if (Array.isArray(value)) return value.map(withoutReferences);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutReferences(item)]));
}

/** In order: `$$` before a brace, which stands for `$`; a reference; an opening brace without a reference. */
const pattern = /\$\$(?=\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/**
 * Replaces references by variables, in values only. The text becomes a number or boolean if the schema expects one at this path
 * and the text is one. A missing variable without a default is an issue.
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
