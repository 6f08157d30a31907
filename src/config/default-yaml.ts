/** Writes the default configuration as YAML: every setting with its default and its description. */
import { stringify } from "yaml";
import { configNode, rangeText, type SettingNode } from "./json-schema.js";

const width = 110;

const head = `# yaml-language-server: $schema=./schema.json
# Every setting of Undercurrent with its default. Omitted settings keep their default; settings in comments have none.
# \${NAME} in a value reads an environment variable, \${NAME:-default} one that may be unset.
`;

/**
 * Returns the text of `config/default.yaml`.
 *
 * @example
 * ```ts
 * writeFileSync("config.yaml", defaultYaml());
 * ```
 */
export function defaultYaml(): string {
  return head + section(configNode, "").join("");
}

/** Returns the settings of a section, each with a comment; every line begins with the prefix. */
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

/** Returns the lines of a setting's comment: its description and, except for plain text, its range. */
function describe(node: SettingNode): readonly string[] {
  const { description = "" } = node;
  return node.properties !== undefined || (node.type === "string" && node.enum === undefined)
    ? [description]
    : [description, `Takes: ${rangeText(node)}`];
}

/** Returns a value as YAML on one line. */
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
