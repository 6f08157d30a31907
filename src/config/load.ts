/** Loads a complete configuration from a file or from the defaults and reports all issues together. */
import { UndercurrentError } from "../errors/errors.js";
import { interpolate, type Environment } from "./interpolate.js";
import { configIssues } from "./issues.js";
import { configNode, pathText, type SettingNode } from "./json-schema.js";
import { readTextFile } from "./read-file.js";
import type { LoadedConfig } from "./redact.js";
import { configSchema } from "./schema.js";
import { parseYaml, type ConfigIssue, type YamlText } from "./yaml.js";

/**
 * Reads the configuration in a YAML file; without a file every setting has its default. Throws CONFIG_UNREADABLE, and
 * SETTING_INVALID with the path and line of every setting that is wrong.
 *
 * @example
 * ```ts
 * const { settings } = loadConfig("config.yaml", process.env);
 * settings.topics.input; // "observations"
 * ```
 */
export function loadConfig(file: string | undefined, environment: Environment): LoadedConfig {
  return file === undefined ? parseConfig("", environment) : parseConfig(readText(file), environment, file);
}

/** As `loadConfig`, from text; `name` is what issues call it. */
export function parseConfig(
  text: string,
  environment: Environment,
  name = "the configuration",
): LoadedConfig {
  const yaml = parseYaml(text);
  if (yaml.issues.length > 0) throw invalid(name, yaml.issues, yaml);
  const { value, references, issues } = interpolate(withoutEmpty(yaml.value, configNode), environment);
  const result = configSchema.safeParse(value);
  if (result.success && issues.length === 0) return { settings: result.data, references };
  // What could not be put in place is wrong once, not twice.
  const unset = new Set(issues.map(({ path }) => pathText(path)));
  const others = result.success ? [] : configIssues(result.error);
  throw invalid(name, [...issues, ...others.filter(({ path }) => !unset.has(pathText(path)))], yaml);
}

function readText(file: string): string {
  try {
    return readTextFile(file);
  } catch (cause) {
    const message = `the configuration ${file} cannot be read: ${(cause as Error).message}`;
    throw new UndercurrentError("CONFIG_UNREADABLE", message, { cause });
  }
}

/** A section of which every setting is commented out is null in YAML; it means the defaults. */
function withoutEmpty(value: unknown, node: SettingNode): unknown {
  const { properties } = node;
  if (properties === undefined) return value;
  if (value === null && node.required === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      Object.hasOwn(properties, name) ? withoutEmpty(item, properties[name]!) : (item as unknown),
    ]),
  );
}

const mostLines = 50;

function invalid(name: string, issues: readonly ConfigIssue[], yaml: YamlText): UndercurrentError {
  const located = issues
    .map(({ path, message, line = yaml.lineOf(path) }) => ({ path, message, line }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const lines = located.slice(0, mostLines).map(({ path, message, line }) => {
    const place = [line === undefined ? "" : `line ${line}`, pathText(path)].filter((part) => part !== "");
    return `\n  ${[...place, message].join(": ")}`;
  });
  const more = issues.length > mostLines ? `\n  and ${issues.length - mostLines} more` : "";
  const count = `${issues.length} ${issues.length === 1 ? "error" : "errors"}`;
  return new UndercurrentError("SETTING_INVALID", `${count} in ${name}:${lines.join("")}${more}`);
}
