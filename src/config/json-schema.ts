/** Converts the configuration's schema to JSON Schema, for editors, error messages and documentation. */
import { z } from "zod";
import { configSchema } from "./schema.js";

/** A setting, or a section of settings. */
export interface SettingNode {
  readonly type?: "object" | "array" | "string" | "number" | "integer" | "boolean";
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** Names in a section, in the order of the schema. */
  readonly properties?: Readonly<Record<string, SettingNode>>;
  readonly required?: readonly string[];
  readonly items?: SettingNode;
  /** Of a map with names of the user's: its values; false for a section. */
  readonly additionalProperties?: SettingNode | boolean;
  /** The one value that is taken. */
  readonly const?: string;
  readonly anyOf?: readonly SettingNode[];
  /** The values that the setting takes, in words, where those made from the schema would be too long. */
  readonly forms?: string;
  /** A secret: it is set and never shown. */
  readonly writeOnly?: boolean;
}

/** Names and, in lists, indices that lead to a setting. */
export type SettingPath = readonly PropertyKey[];

export const configNode: SettingNode = z.toJSONSchema(configSchema, {
  io: "input",
  target: "draft-07",
}) as SettingNode;

/** The node at a path; undefined where the schema has nothing of this name. */
export function nodeAt(path: SettingPath): SettingNode | undefined {
  let node: SettingNode | undefined = configNode;
  for (const step of path) {
    if (node === undefined) return undefined;
    const { properties = {}, items }: SettingNode = node;
    const name = String(step);
    node = typeof step === "number" ? items : Object.hasOwn(properties, name) ? properties[name] : undefined;
  }
  return node;
}

/** Every setting that is no section, with its path, in the order of the schema. */
export function* settings(
  node = configNode,
  path: readonly string[] = [],
): Generator<[readonly string[], SettingNode]> {
  if (node.properties === undefined) {
    yield [path, node];
    return;
  }
  for (const [name, child] of Object.entries(node.properties)) yield* settings(child, [...path, name]);
}

/** How people write a path: "kafka.bootstrapServers[0]". */
export function pathText(path: SettingPath): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index > 0 ? "." : ""}${String(step)}`))
    .join("");
}

/** The values that a setting takes, in words. */
export function rangeText(node: SettingNode): string {
  if (node.forms !== undefined) return node.forms;
  if (node.enum !== undefined) return node.enum.join(" | ");
  if (node.anyOf !== undefined) return node.anyOf.map(formText).join(", or ");
  switch (node.type) {
    case "boolean":
      return "true | false";
    case "integer":
      return `whole number${boundsText(node)}`;
    case "number":
      return `number${boundsText(node)}`;
    case "array":
      return node.items?.type === "string"
        ? `list of texts${countText(node)}`
        : `list${countText(node)} of: ${formText(node.items ?? {})}`;
    case "object":
      return typeof node.additionalProperties === "object" ? "names with texts" : "section";
    case "string":
      return (node.minLength ?? 0) > 0 ? "text that is not empty" : "text";
    case undefined:
    default:
      return "value";
  }
}

/** One of the forms of a setting: an object by its names, for it is no section. */
function formText(node: SettingNode): string {
  if (node.const !== undefined) return node.const;
  if (node.properties === undefined) {
    const { additionalProperties: values } = node;
    return typeof values === "object" ? `{name: ${rangeText(values)}, …}` : rangeText(node);
  }
  const fields = Object.entries(node.properties).map(([name, child]) => `${name}: ${formText(child)}`);
  return `{${fields.join(", ")}}`;
}

function countText({ minItems, maxItems }: SettingNode): string {
  if (maxItems !== undefined) return ` (${minItems ?? 0} to ${maxItems})`;
  return minItems === undefined ? "" : ` (at least ${minItems})`;
}

function boundsText(node: SettingNode): string {
  const { minimum, exclusiveMinimum, exclusiveMaximum, multipleOf } = node;
  // Every whole number has this bound, which says nothing.
  const maximum = node.maximum === Number.MAX_SAFE_INTEGER ? undefined : node.maximum;
  const bounds = [
    minimum !== undefined && maximum !== undefined
      ? `from ${minimum} to ${maximum}`
      : minimum !== undefined && `of at least ${minimum}`,
    exclusiveMinimum !== undefined && `above ${exclusiveMinimum}`,
    maximum !== undefined && minimum === undefined && `up to ${maximum}`,
    exclusiveMaximum !== undefined && `below ${exclusiveMaximum}`,
    multipleOf !== undefined && `a multiple of ${multipleOf}`,
  ].filter((text) => text !== false);
  return bounds.length === 0 ? "" : ` ${bounds.join(", ")}`;
}
