// A real Prometheus scrapes a real service: every query of the dashboard and of the alerts has data there.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { alerts, expressionOf } from "../../../monitoring/alerts.js";
import { rows } from "../../../monitoring/panels.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { logged, startCommand, startService, type Settings } from "../../support/service.js";
import { committed, deployment, produce, type Deployment } from "./deployment.js";

const hasPrometheus = spawnSync("prometheus", ["--version"]).error === undefined;
if (!hasPrometheus) console.warn("SKIPPED: a real Prometheus; install Debian's package prometheus.");

let prometheus: ChildProcess | undefined;
let folder: string | undefined;

afterEach(async () => {
  await endChildren();
  prometheus?.kill("SIGKILL");
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a Prometheus that scrapes the targets twice a second, with the product's alerts; asks it a query. */
async function startPrometheus(
  targets: readonly string[],
  token: string,
): Promise<(query: string) => Promise<unknown[]>> {
  folder = mkdtempSync(join(tmpdir(), "undercurrent-prometheus-"));
  const port = await freePort();
  const configuration = {
    global: { scrape_interval: "500ms", evaluation_interval: "500ms" },
    rule_files: [fileURLToPath(new URL("../../../config/prometheus/alerts.yml", import.meta.url))],
    scrape_configs: [
      {
        job_name: "undercurrent",
        authorization: { credentials: token },
        static_configs: [{ targets }],
      },
    ],
  };
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(configuration));
  prometheus = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  return async (query) => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(url).catch(() => undefined);
      if (response !== undefined && response.status !== 503) {
        const answer = (await response.json()) as { data?: { result: unknown[] }; error?: string };
        if (answer.data === undefined) throw new Error(`${query}: ${answer.error ?? "no data"}`);
        return answer.data.result;
      }
      if (attempt === 100) throw new Error("Prometheus does not answer");
      await sleep(100);
    }
  };
}

/** With what Grafana puts in place of its variables. */
const filled = (expr: string): string =>
  expr.replaceAll("$instance", ".*").replaceAll("$key", "key-0").replaceAll("$__rate_interval", "5s");

/** A deployment whose input is placed by key first, in topics that are there. */
async function repartitioned(settings: Settings): Promise<Deployment> {
  const { topics, ...others } = await deployment(1, settings);
  const all = { ...others, topics: { ...topics, repartition: true } } as unknown as Deployment;
  const created = startCommand(["topics", "create"], all);
  expect(await created.ended, created.err.join("\n")).toBe(0);
  return all;
}

describeWithBroker("Prometheus", () => {
  test.skipIf(!hasPrometheus)(
    "has data for every panel, and for what every alert looks at",
    async () => {
      const token = "a-token-of-this-test";
      const settings = await deployment(2, {
        server: { enabled: true, port: 0, token, series: ["key-0"] },
        snapshot: { everyEvents: 50 },
      });
      await produce(settings, 0, 400);
      await produce(settings, 1, 400);
      const service = startService(settings);
      await Promise.all([committed(service, 0, 400), committed(service, 1, 400)]);
      const { url } = logged(service, "serving")[0] as { url: string };
      expect((await fetch(`${url}metrics`)).status).toBe(401);
      const repartitioning = await repartitioned({ server: settings.server! });
      const second = startService(repartitioning);
      const { url: secondUrl } = JSON.parse(await second.line(/"event":"serving"/)) as { url: string };
      const query = await startPrometheus([new URL(url).host, new URL(secondUrl).host], token);

      // Rates and durations need something to happen between two scrapes.
      const queries = new Set([
        ...rows.flatMap(({ panels }) =>
          panels.flatMap((panel) => panel.queries.map(({ expr }) => filled(expr))),
        ),
        ...alerts.map(({ signal }) => signal),
      ]);
      const missing = new Set(queries);
      let offset = 400;
      for (let round = 0; missing.size > 0 && round < 40; round++) {
        await broker.produce(settings.topics.input, 1, [{ key: "bad", value: "no JSON" }]);
        for (const each of [settings, repartitioning]) await produce(each, 0, 40, offset);
        offset += 40;
        await sleep(500);
        for (const expr of missing) if ((await query(expr)).length > 0) missing.delete(expr);
      }
      expect([...missing]).toEqual([]);
      for (const alert of alerts) await query(expressionOf(alert));
      const state = await query('ALERTS{alertstate="firing"}');
      expect(state).toEqual([]);
      expect(await service.end()).toBe(0);
    },
    120_000,
  );
});
