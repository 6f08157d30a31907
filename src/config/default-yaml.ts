/** The configuration with every setting at its default and explained: where a user's own begins. */
import { stringify } from "yaml";
import { configNode, rangeText, type SettingNode } from "./json-schema.js";

const width = 110;

const head = `# yaml-language-server: $schema=./schema.json
# Every setting of Undercurrent with its default; a setting that is left out has it too. \${NAME} in a value stands for
# an environment variable, \${NAME:-default} for one that may be unset. Settings that are commented out have no default.
`;

/**
 * The text of `config/default.yaml`.
 *
 * @example
 * ```ts
 * writeFileSync("config.yaml", defaultYaml());
 * ```
 */
export function defaultYaml(): string {
  return head + section(configNode, "").join("");
}

/** The settings of a section, each with a comment; all lines begin with the prefix. */
function section({ properties = {} }: SettingNode, prefix: string): string[] {
  return Object.entries(properties).map(([name, node]) => {
    const gap = prefix === "" ? "\n" : "";
    const comment = describe(node)
      .map((text) => wrap(text, `${prefix}# `))
      .join("");
    const own = node.default === undefined && !prefix.includes("#") ? `${prefix}# ` : prefix;
    if (node.properties !== undefined) {
      return `${gap}${comment}${own}${name}:\n${section(node, `${own}  `).join("")}`;
    }
    const value = node.default === undefined ? "" : ` ${scalar(node.default)}`;
    return `${gap}${comment}${own}${name}:${value}\n`;
  });
}

/** What a setting is for, and what it takes where that is not said by "text". */
function describe(node: SettingNode): readonly string[] {
  const { description = "" } = node;
  return node.properties !== undefined || (node.type === "string" && node.enum === undefined)
    ? [description]
    : [description, `Takes: ${rangeText(node)}`];
}

/** A value in one line. */
function scalar(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}

function wrap(text: string, prefix: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || prefix.length + last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => `${prefix}${line}\n`).join("");
}
