// What watches the service: the dashboard and the alerts name metrics that exist, and promtool agrees with the rules.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { alerts, expressionOf } from "../../monitoring/alerts.js";
import { dashboard } from "../../monitoring/dashboard.js";
import { annotation, rows } from "../../monitoring/panels.js";
import { metrics, seriesMetrics, taskMetrics } from "../../src/adapters/prometheus/metrics.js";

const root = new URL("../../", import.meta.url);
const declared = new Map(Object.entries({ ...metrics, ...seriesMetrics, ...taskMetrics }));
const panels = rows.flatMap((row) => row.panels);
const expressions = [
  ...panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
  ...alerts.map(expressionOf),
  annotation.expr,
];

/** The metrics that an expression names, those of a histogram by the name of the whole. */
function namesIn(expression: string): string[] {
  const names = [...expression.matchAll(/undercurrent_[a-z_]+/g)].map(([name]) => name);
  return names.map((name) => (declared.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, "")));
}

test("every expression names metrics that are declared", () => {
  for (const expression of expressions) {
    const names = namesIn(expression);
    if (!expression.startsWith("up{")) expect(names, expression).not.toEqual([]);
    for (const name of names) expect([...declared.keys()], expression).toContain(name);
  }
});

test("every metric is on the dashboard, but for those that say what is running and how often", () => {
  const shown = new Set(panels.flatMap(({ queries }) => queries.flatMap(({ expr }) => namesIn(expr))));
  const elsewhere = [
    "undercurrent_build_info",
    "undercurrent_forecasts_total",
    "undercurrent_commits_total",
    "undercurrent_snapshots_total",
  ];
  expect([...declared.keys()].filter((name) => !shown.has(name)).sort()).toEqual(elsewhere.sort());
});

test("panels lie side by side on Grafana's 24 columns, each with a source, a unit and queries of its own", () => {
  interface Placed {
    readonly id: number;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly refId: string; readonly expr: string }[];
    readonly datasource: { readonly uid: string };
    readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  }
  const placed = dashboard().panels as unknown as Placed[];
  expect(placed.filter(({ type }) => type === "row")).toHaveLength(rows.length);
  const charts = placed.filter(({ type }) => type !== "row");
  expect(charts).toHaveLength(panels.length);
  expect(new Set(placed.map(({ id }) => id)).size).toBe(placed.length);
  for (const { gridPos, targets, datasource, fieldConfig } of charts) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    expect(datasource.uid).toBe("${datasource}");
    expect(fieldConfig.defaults.unit).not.toBe("");
  }
  for (const a of charts) {
    for (const b of charts) {
      if (a === b || a.gridPos.y !== b.gridPos.y) continue;
      const apart = a.gridPos.x + a.gridPos.w <= b.gridPos.x || b.gridPos.x + b.gridPos.w <= a.gridPos.x;
      expect(apart, `${a.id} and ${b.id}`).toBe(true);
    }
  }
});

test("incidents are marked on every chart, with their kind and severity", () => {
  const { list } = dashboard().annotations as unknown as {
    readonly list: readonly Record<string, unknown>[];
  };
  expect(list).toContainEqual(
    expect.objectContaining({
      enable: true,
      expr: annotation.expr,
      titleFormat: "{{kind}}",
      tagKeys: "kind,severity_band",
    }),
  );
});

test("every alert has a part of the runbook, and its rule leads there", () => {
  const text = readFileSync(new URL("docs/runbook.md", root), "utf8");
  const { groups } = parse(readFileSync(new URL("config/prometheus/alerts.yml", root), "utf8")) as {
    readonly groups: readonly {
      readonly rules: readonly {
        readonly alert: string;
        readonly annotations: { readonly runbook: string };
      }[];
    }[];
  };
  const ruled = groups.flatMap(({ rules }) => rules);
  expect(ruled.map(({ alert }) => alert)).toEqual(alerts.map(({ name }) => name));
  for (const { alert, annotations } of ruled) {
    expect(text).toContain(`\n## ${alert}\n`);
    expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
  }
});

const hasPromtool = spawnSync("promtool", ["--version"]).error === undefined;
if (!hasPromtool) console.warn("SKIPPED: promtool on the alerts; install Debian's package prometheus.");

describe.skipIf(!hasPromtool)("promtool", () => {
  const promtool = (...args: string[]): string =>
    execFileSync("promtool", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

  test("takes the rules and the configuration", () => {
    expect(promtool("check", "rules", "config/prometheus/alerts.yml")).toContain(
      `${alerts.length} rules found`,
    );
    expect(promtool("check", "config", "config/prometheus/prometheus.yml")).toContain("SUCCESS");
  });

  test("sees every alert fire where it should, and not where it should not", () => {
    const unit = readFileSync(new URL("test/monitoring/alerts.test.yml", root), "utf8");
    for (const { name } of alerts) expect(unit, name).toContain(name);
    expect(promtool("test", "rules", "test/monitoring/alerts.test.yml")).toContain("SUCCESS");
  });
});
