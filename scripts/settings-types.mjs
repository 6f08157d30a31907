// Writes the TypeScript declarations of settings from their schemas: interfaces with a docstring for every setting.
import { format } from "prettier";
import { z } from "zod";
import { rangeText } from "../src/config/json-schema.js";
import { shapeCode } from "./settings-shapes.mjs";

/** Columns of a docstring's text. */
const width = 112;

/** The text of a docstring at an indent, wrapped. */
function docOf(text, indent) {
  const lines = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + 3 + line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((text) => `${indent} * ${text}\n`).join("")}${indent} */\n`;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Whether the type alone says which values there are. */
const saysItsValues = (node) =>
  node.enum !== undefined ||
  node.const !== undefined ||
  node.anyOf !== undefined ||
  ["boolean", "object", "string"].includes(node.type);

function textOf(node) {
  const parts = [node.description ?? ""];
  if (!saysItsValues(node)) parts.push(`${capital(rangeText(node))}.`);
  const hasDefault = node.default !== undefined && node.type !== "object";
  if (hasDefault) parts.push(`Default: ${JSON.stringify(node.default)}.`);
  return parts.filter((part) => part !== "").join(" ");
}

/** The type of a node. Options may leave anything out that has a default, and give arrays that are read only. */
function typeOf(node, isOptions, indent) {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (node.anyOf !== undefined) return node.anyOf.map((form) => typeOf(form, isOptions, indent)).join(" | ");
  if (Array.isArray(node.type)) {
    return node.type.map((type) => typeOf({ ...node, type }, isOptions, indent)).join(" | ");
  }
  switch (node.type) {
    case "string":
    case "boolean":
      return node.type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return `${isOptions ? "readonly " : ""}(${typeOf(node.items, isOptions, indent)})[]`;
    case "object":
      if (node.properties === undefined) {
        return `Readonly<Record<string, ${typeOf(node.additionalProperties, isOptions, indent)}>>`;
      }
      return `{\n${membersOf(node, isOptions, `${indent}  `)}${indent}}`;
    default:
      throw new Error(`no type for ${JSON.stringify(node)}`);
  }
}

function membersOf(node, isOptions, indent) {
  const required = new Set(node.required);
  return Object.entries(node.properties)
    .map(([name, child]) => {
      const text = textOf(child);
      const isOptional = !required.has(name);
      const type = `${typeOf(child, isOptions, indent)}${isOptional ? " | undefined" : ""}`;
      return `${text === "" ? "" : docOf(text, indent)}${indent}readonly ${name}${isOptional ? "?" : ""}: ${type};\n`;
    })
    .join("");
}

function interfaceOf(name, doc, schema, isOptions) {
  const node = z.toJSONSchema(schema, { io: isOptions ? "input" : "output", target: "draft-07" });
  return `${docOf(doc, "")}export interface ${name} {\n${membersOf(node, isOptions, "  ")}}\n`;
}

/** What each setting takes, in words, by its path. */
function rangesOf(node, path = []) {
  if (node.properties === undefined) return [[path.join("."), rangeText(node)]];
  return Object.entries(node.properties).flatMap(([name, child]) => rangesOf(child, [...path, name]));
}

/**
 * The file of the settings of a schema.
 *
 * @param of what the settings are of, with its article
 * @param names names of the interface of complete settings (or undefined), of that of options, of the ranges and of the shape,
 * and the path to src/forecast/schema
 */
export async function settingsFile(schema, of, { settings, options, ranges, shape, folder }) {
  const shaped = shape && shapeCode(schema, shape, folder);
  const node = z.toJSONSchema(schema, { io: "input", target: "draft-07" });
  const parts = [
    `/** Declares the settings of ${of}. Made from the schema by \`npm run generate\`. */\n`,
    shaped?.imports,
    settings && interfaceOf(settings, `Complete settings of ${of}.`, schema, false),
    interfaceOf(options, `Options of ${of}. Omitted options have their default.`, schema, true),
    ranges &&
      `/** What each setting takes, in words. */\nexport const ${ranges}: Readonly<Record<string, string>> = ${JSON.stringify(
        Object.fromEntries(rangesOf(node)),
      )};\n`,
    shaped?.declaration,
  ];
  return format(parts.filter((part) => part !== undefined).join("\n"), {
    parser: "typescript",
    printWidth: 110,
  });
}
