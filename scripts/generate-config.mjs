// Writes what is made from declarations: of the settings config/default.yaml, config/schema.json and
// docs/configuration.md, of the metrics docs/metrics.md, and of what watches them the dashboard,
// the alerts and docs/runbook.md.
// With --check it writes nothing, and fails where one of them is stale. To be run by tsx, for it reads the sources.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { format } from "prettier";
import { metrics, seriesMetrics, taskMetrics } from "../src/adapters/prometheus/metrics.js";
import { stringify } from "yaml";
import { rules, runbook } from "../monitoring/alerts.js";
import { dashboard } from "../monitoring/dashboard.js";
import { defaultYaml } from "../src/config/default-yaml.js";
import { configNode, pathText, rangeText, settings } from "../src/config/json-schema.js";

const root = new URL("../", import.meta.url);

/** Numbers and truth values may come from the environment too: to an editor they are text then. */
function withReferences(node) {
  if (Array.isArray(node)) return node.map(withReferences);
  if (typeof node !== "object" || node === null) return node;
  const inner = Object.fromEntries(Object.entries(node).map(([name, part]) => [name, withReferences(part)]));
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
  return ["| setting | takes | default | what it is |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function reference() {
  const sections = Object.entries(configNode.properties).map(([name, node]) => {
    const text = node.properties === undefined ? "" : `${node.description}\n\n`;
    return `## ${name}\n\n${text}${table([...settings(node, [name])])}\n`;
  });
  return `${intro}\n${sections.join("\n")}`;
}

const intro = `# Configuration

\`npx undercurrent run -c config.yaml\` reads one YAML file; without it every setting has its default. Made from
\`src/config/schema.ts\`, as are [config/default.yaml](../config/default.yaml), which has every setting with its comment,
and [config/schema.json](../config/schema.json), by which editors complete and check: its first line,
\`# yaml-language-server: $schema=./schema.json\`, names it.

- \`npx undercurrent config --default > config.yaml\` begins a file; \`npx undercurrent config -c config.yaml\` prints what is in
  effect; \`npx undercurrent lint -c config.yaml\` checks it, and the topics on the brokers.
- Unknown names are errors, with the nearest known one. All errors are reported at once, with path and line.
- \`\${NAME}\` in a value stands for an environment variable, \`\${NAME:-default}\` for one that may be unset or empty, and
  \`$\${\` for a plain \`\${\`. They are put in place after the YAML was parsed: what a variable holds is part of one value,
  whatever characters it has. A variable that is not set is an error.
- Passwords, private keys and passphrases are shown as \`[redacted]\`, and values from the environment as they were
  written, \`\${NAME}\`, wherever the configuration is printed or logged.
- Aliases work within limits; tags, merge keys and further documents are errors.
`;

function metricRows(declarations) {
  const rows = Object.entries(declarations).map(([name, { type, unit, help, labels = [] }]) => {
    const names = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${unit} | ${names} | ${cell(help)} |`;
  });
  return ["| name | type | unit | labels | what it is |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

function metricsPage() {
  return `# Metrics

\`demo\` and \`run\` serve these at \`/metrics\` for Prometheus. Made from
\`src/adapters/prometheus/metrics.ts\`, as the metrics are. Their number does not grow with that of keys.

## Of the forecaster

${metricRows(metrics)}

## Of single keys

For the keys that \`server.series\` names, 50 at most.

${metricRows(seriesMetrics)}

## Of the service on Kafka

${metricRows(taskMetrics)}
`;
}

const files = {
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
