// Generates files from declarations in the sources; run it with tsx.
// Types of settings: the files options.ts of src.
// Settings: config/default.yaml, config/schema.json, docs/configuration.md. Metrics: docs/metrics.md.
// Monitoring: the dashboard, the alerts and docs/runbook.md.
// With --check it writes nothing and fails if a file is stale.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { format } from "prettier";
import { metrics, seriesMetrics, taskMetrics } from "../src/adapters/prometheus/metrics.js";
import { stringify } from "yaml";
import { rules, runbook } from "../monitoring/alerts.js";
import { dashboard } from "../monitoring/dashboard.js";
import { defaultYaml } from "../src/config/default-yaml.js";
import { configNode, pathText, rangeText, settings } from "../src/config/json-schema.js";

import { forecasterSchema } from "../src/forecast/schema/forecaster.js";
import { symbolSchema } from "../src/forecast/symbols/schema.js";
import { pipelineSchema } from "../src/pipeline/settings.js";
import { settingsFile } from "./settings-types.mjs";

const root = new URL("../", import.meta.url);

/** Lets editors accept `${NAME}` where a number, a boolean or a choice is expected. */
function withReferences(node) {
  if (Array.isArray(node)) return node.map(withReferences);
  if (typeof node !== "object" || node === null) return node;
  // `forms` is for people, and no keyword of JSON Schema.
  const parts = Object.entries(node).filter(([name, part]) => name !== "forms" || typeof part !== "string");
  const inner = Object.fromEntries(parts.map(([name, part]) => [name, withReferences(part)]));
  if (!["number", "integer", "boolean"].includes(node.type) && node.enum === undefined) return inner;
  const { description, default: standard, ...rule } = inner;
  return {
    ...(description !== undefined && { description }),
    ...(standard !== undefined && { default: standard }),
    anyOf: [rule, { type: "string", pattern: "\\$\\{[A-Za-z_]" }],
  };
}

const cell = (text) => text.replaceAll("|", "\\|");

function table(entries) {
  const rows = entries.map(([path, node]) => {
    const standard = node.default === undefined ? "" : `\`${JSON.stringify(node.default)}\``;
    return `| \`${pathText(path)}\` | ${cell(rangeText(node))} | ${standard} | ${cell(node.description)} |`;
  });
  return ["| setting | range | default | description |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function reference() {
  const sections = Object.entries(configNode.properties).map(([name, node]) => {
    const text = node.properties === undefined ? "" : `${node.description}\n\n`;
    return `## ${name}\n\n${text}${table([...settings(node, [name])])}\n`;
  });
  return `${intro}\n${sections.join("\n")}`;
}

const intro = `# Configuration

The service reads one YAML file: \`npx undercurrent run -c config.yaml\`. Every setting is optional.

| command | result |
| --- | --- |
| \`npx undercurrent config --default > config.yaml\` | writes a file with every setting at its default |
| \`npx undercurrent config -c config.yaml\` | prints the effective configuration |
| \`npx undercurrent lint -c config.yaml\` | checks the file, and the topics on the brokers |

- **Errors.** All errors are reported at once, each with path and line. An unknown name is an error that suggests the
  nearest known name.
- **Environment variables.** \`\${NAME}\` inserts a variable, and an unset variable is an error. \`\${NAME:-default}\` inserts
  the default if the variable is unset or empty. \`$\${\` stands for a literal \`\${\`. Variables are inserted after the YAML is
  parsed, so a variable's content cannot change the structure of the file.
- **Secrets.** Printed and logged configurations show passwords, private keys and passphrases as \`[redacted]\`. They show
  values from the environment as \`\${NAME}\`.
- **YAML.** Aliases work within limits. Tags, merge keys and further documents are errors.
- **Editors.** The first line of the file, \`# yaml-language-server: $schema=./schema.json\`, enables completion and checks
  with [config/schema.json](../config/schema.json).

This page, [config/default.yaml](../config/default.yaml) and [config/schema.json](../config/schema.json) are generated from
\`src/config/schema.ts\`.
`;

function metricRows(declarations) {
  const rows = Object.entries(declarations).map(([name, { type, unit, help, labels = [] }]) => {
    const names = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${unit} | ${names} | ${cell(help)} |`;
  });
  return ["| name | type | unit | labels | description |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

function metricsPage() {
  return `# Metrics

\`run\` and \`demo\` serve these metrics at \`/metrics\` for Prometheus; \`run\` serves them if \`server.enabled\` is true. The
number of series does not grow with the number of keys. This page is generated from
\`src/adapters/prometheus/metrics.ts\`.

## Forecaster

${metricRows(metrics)}

## Single keys

Only for the keys in \`server.series\`, at most 50.

${metricRows(seriesMetrics)}

## Kafka service

${metricRows(taskMetrics)}
`;
}

const files = {
  "src/forecast/options.ts": await settingsFile(forecasterSchema, "a forecaster", {
    settings: "ForecasterSettings",
    options: "ForecasterOptions",
    ranges: "forecasterRanges",
    shape: "forecasterShape",
    folder: "./schema",
  }),
  "src/forecast/symbols/options.ts": await settingsFile(symbolSchema, "a symbol forecaster", {
    settings: "SymbolSettings",
    options: "SymbolForecasterOptions",
    ranges: "symbolRanges",
    shape: "symbolShape",
    folder: "../schema",
  }),
  "src/pipeline/options.ts": await settingsFile(pipelineSchema, "a pipeline", { options: "PipelineOptions" }),
  "config/default.yaml": defaultYaml(),
  "config/schema.json": await format(JSON.stringify(withReferences(configNode)), {
    parser: "json",
    printWidth: 110,
  }),
  "docs/configuration.md": await format(reference(), { parser: "markdown", printWidth: 110 }),
  "config/grafana/dashboards/undercurrent.json": await format(JSON.stringify(dashboard()), {
    parser: "json",
    printWidth: 110,
  }),
  "config/prometheus/alerts.yml": `# Made from monitoring/alerts.ts: npm run generate\n${stringify(rules(), { lineWidth: 0 })}`,
  "docs/runbook.md": await format(runbook(), { parser: "markdown", printWidth: 110 }),
  "docs/metrics.md": await format(metricsPage(), { parser: "markdown", printWidth: 110 }),
};

for (const [path, text] of Object.entries(files)) {
  const file = new URL(path, root);
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  if (process.argv.includes("--check")) {
    console.error(`${path} is stale: npm run generate`);
    process.exitCode = 1;
  } else {
    mkdirSync(new URL(".", file), { recursive: true });
    writeFileSync(file, text);
    console.log(path);
  }
}
