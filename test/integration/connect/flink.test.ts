// Forecasts of the built command as tables of Flink SQL, by the statements of examples/sinks.
import { readFileSync } from "node:fs";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { converterAnswers } from "../../support/converter.js";
import { flinkRows } from "../../support/flink.js";
import { startRegistry, type RunningRegistry } from "../../support/registry-java.js";
import { startService } from "../../support/service.js";
import { quick } from "../../support/streams.js";
import { committed, deployment, produce, type Deployment } from "../kafka/deployment.js";

const isThere = converterAnswers();
if (!isThere) console.warn("SKIPPED: tests of Flink SQL. Install Java 17 with Maven.");
// The first run downloads Flink.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 100_000 });

/** The statements of an example on a topic that has an end. */
function statements(name: string, topic: string, registry = ""): string {
  return readFileSync(`examples/sinks/${name}.sql`, "utf8")
    .replace("'topic' = 'forecasts'", `'topic' = '${topic}', 'scan.bounded.mode' = 'latest-offset'`)
    .replace("localhost:9092", broker.brokers.join(","))
    .replace("http://localhost:8081", registry);
}

async function serve(settings: Deployment, count: number): Promise<void> {
  await produce(settings, 0, count);
  const service = startService(settings);
  await committed(service, 0, count);
  expect(await service.end()).toBe(0);
}

(isThere ? describeWithBroker : describe.skip)("Flink SQL", () => {
  let registry: RunningRegistry | undefined;
  afterEach(endChildren);
  afterAll(() => registry?.stop());

  test("reads forecasts in JSON, with event times, and counts alarms by the minute", async () => {
    const settings = await deployment(1, { model: quick });
    await serve(settings, 40);
    const rows = await flinkRows(statements("flink", settings.topics.forecasts));
    const events = rows.map(
      (row) => /^\+I\[key-\d, \d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?, (\d+), \d+\]$/.exec(row)![1],
    );
    expect(events.reduce((sum, count) => sum + Number(count), 0)).toBe(40);
  });

  test("reads forecasts in Avro under a registered schema", async () => {
    registry = await startRegistry();
    const { encode } = loadConfig("examples/topics/sink-avro.yaml", {}).settings;
    const settings = await deployment(1, { model: quick, encode, schemaRegistry: { url: registry.url } });
    await serve(settings, 40);
    const rows = await flinkRows(statements("flink-avro", settings.topics.forecasts, registry.url));
    // A stream of changes: the last of each key is what holds.
    const last = new Map(
      rows.filter((row) => /^\+[IU]/.test(row)).map((row) => [row.slice(3, 8), row.slice(3, -1)]),
    );
    expect([...last.values()].sort()).toEqual([
      "key-0, 14, 273.0, 14",
      "key-1, 13, 247.0, 13",
      "key-2, 13, 260.0, 13",
    ]);
  });
});
