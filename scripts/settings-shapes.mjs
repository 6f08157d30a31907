// Writes the shape of settings from their schema: what src/forecast/schema/shape.ts checks options by.
import * as refinements from "../src/forecast/schema/refinements.js";

const names = new Map(Object.entries(refinements).map(([name, check]) => [check, name]));

/** The members of a rule, as lines of code, by the name of a check. */
const rules = {
  greater_than: ({ value, inclusive }) => ({ [inclusive ? "min" : "above"]: value }),
  less_than: ({ value, inclusive }) => ({ [inclusive ? "max" : "below"]: value }),
  multiple_of: ({ value }) => ({ multipleOf: value }),
  min_length: ({ minimum }) => ({ min: minimum }),
  max_length: ({ maximum }) => ({ max: maximum }),
  string_format: ({ pattern, error }) => ({
    pattern,
    ...(error !== undefined && { patternText: error({}) }),
  }),
};

/** The rule of each type of schema. */
const types = {
  number: ({ format }) => ({ type: "number", ...(format === "safeint" && { isWhole: true }) }),
  boolean: () => ({ type: "boolean" }),
  enum: ({ entries }) => ({ type: "choice", values: Object.values(entries) }),
  literal: ({ values }) => ({ type: "choice", values }),
  string: () => ({ type: "text" }),
  array: ({ element }) => ({ type: "list", items: shapeOf(element) }),
  union: ({ options }) => ({ type: "union", forms: options.map(shapeOf) }),
  object: ({ shape }) => ({
    type: "object",
    members: Object.fromEntries(Object.entries(shape).map(([name, member]) => [name, shapeOf(member)])),
  }),
  optional: ({ innerType }) => ({ ...shapeOf(innerType), isOptional: true }),
  default: ({ innerType, defaultValue }) => ({ ...shapeOf(innerType), default: defaultValue }),
  prefault: ({ innerType, defaultValue }) => ({ ...shapeOf(innerType), prefault: defaultValue }),
};

/** A refinement in code: its function by name, and its text. */
class Refinement {
  constructor({ fn, error }) {
    this.name = names.get(fn);
    if (this.name === undefined)
      throw new Error(`no refinement of src/forecast/schema/refinements.ts: ${fn}`);
    this.text = error({});
  }
}

function shapeOf({ _zod: { def } }) {
  if (types[def.type] === undefined) throw new Error(`no shape of the type ${def.type}`);
  const shape = types[def.type](def);
  for (const { _zod: check } of def.checks ?? []) {
    // What only ends a form has no rule of its own.
    if (check.def.check === "custom" && check.def.fn === undefined) continue;
    if (check.def.check === "custom") (shape.refinements ??= []).push(new Refinement(check.def));
    else Object.assign(shape, rules[check.def.check](check.def));
  }
  return shape;
}

function code(value) {
  if (value instanceof RegExp) return String(value);
  if (value instanceof Refinement) return `[${value.name}, ${JSON.stringify(value.text)}]`;
  if (Array.isArray(value)) return `[${value.map(code).join(",")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, part]) => `${JSON.stringify(name)}: ${code(part)}`)
    .join(",")}}`;
}

/** The declaration of a schema's shape, and the import of what it names. `folder` leads to src/forecast/schema. */
export function shapeCode(schema, name, folder) {
  const shape = code(shapeOf(schema));
  const used = [...names.values()].filter((each) => new RegExp(`\\[${each},`).test(shape)).sort();
  const imports = used.length === 0 ? "" : `import { ${used.join(", ")} } from "${folder}/refinements.js";\n`;
  return {
    imports: `${imports}import type { Shape } from "${folder}/shape.js";\n`,
    declaration: `/** What the settings are checked by. */\nexport const ${name}: Shape = ${shape};\n`,
  };
}
