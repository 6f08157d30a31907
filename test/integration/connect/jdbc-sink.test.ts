// Forecasts of the built command in a table of PostgreSQL, written by Kafka Connect's runtime and a JDBC sink.
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { sqlRows, startConnect, type RunningConnect } from "../../support/connect.js";
import { converterAnswers } from "../../support/converter.js";
import { postgresIsHere, startPostgres, type RunningPostgres } from "../../support/postgres.js";
import { startRegistry, type RunningRegistry } from "../../support/registry-java.js";
import { startService, type Settings } from "../../support/service.js";
import { quick } from "../../support/streams.js";
import { committed, deployment, produce, type Deployment } from "../kafka/deployment.js";

const isThere = converterAnswers() && postgresIsHere;
if (!isThere) console.warn("SKIPPED: tests of a JDBC sink. Install Java 17 with Maven.");
// The first run downloads Connect, the sink and the database.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const encodeOf = (name: string): Settings["encode"] =>
  loadConfig(`examples/topics/${name}.yaml`, {}).settings.encode;

/** The settings of an example of a sink. */
function sink(name: string): Readonly<Record<string, string>> {
  const lines = readFileSync(`examples/sinks/${name}.properties`, "utf8").split("\n");
  const settings = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    settings.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

/** Serves so many readings of partition 0, and ends. */
async function serve(settings: Deployment, count: number): Promise<void> {
  await produce(settings, 0, count);
  const service = startService(settings);
  await committed(service, 0, count);
  expect(await service.end()).toBe(0);
}

/** The rows of a table, by the names of the columns, when there are so many. */
async function rowsOf(
  connect: RunningConnect,
  url: string,
  table: string,
  count: number,
): Promise<{ readonly columns: readonly string[]; readonly rows: Readonly<Record<string, string>>[] }> {
  for (;;) {
    for (const { state, trace } of await connect.tasks()) {
      if (state === "FAILED") throw new Error(trace ?? "The task has failed.");
    }
    const [columns, ...rows] = await sqlRows(url, `SELECT * FROM ${table} ORDER BY 1, 2`).catch(() => [[]]);
    if (rows.length < count) continue;
    const names = columns!.map((column) => column.split(" ")[0]!);
    return {
      columns: columns!,
      rows: rows.map((row) => Object.fromEntries(row.map((value, i) => [names[i]!, value]))),
    };
  }
}

(isThere ? describeWithBroker : describe.skip)("Kafka Connect with a JDBC sink", () => {
  let database: RunningPostgres | undefined;
  let connect: RunningConnect | undefined;
  let registry: RunningRegistry | undefined;
  beforeAll(async () => {
    database = await startPostgres();
  });
  afterEach(async () => {
    await endChildren();
    await connect?.stop();
    connect = undefined;
  });
  afterAll(async () => {
    await registry?.stop();
    await database?.stop();
  });

  test("writes a row for each forecast in Connect's JSON once, also where the records come again", async () => {
    const url = database!.url;
    const settings = await deployment(1, { model: quick, encode: encodeOf("sink-jdbc") });
    const { forecasts } = settings.topics;
    await serve(settings, 40);
    await sqlRows(url, readFileSync("examples/sinks/postgres.sql", "utf8"));
    const settingsOf = (name: string): Readonly<Record<string, string>> => ({
      ...sink("jdbc"),
      name,
      topics: forecasts,
      "connection.url": url,
    });
    connect = await startConnect(broker.brokers, settingsOf("first"));
    await rowsOf(connect, url, "forecasts", 40);
    await connect.stop();
    // A connector with another name is another group, and begins again.
    const again = broker.name("again");
    connect = await startConnect(broker.brokers, settingsOf(again));
    await expect
      .poll(() => broker.committedOffset(`connect-${again}`, forecasts, 0), { timeout: 100_000 })
      .toBeGreaterThanOrEqual(40);
    const { columns, rows } = await rowsOf(connect, url, "forecasts", 40);
    expect([...columns].sort()).toEqual([
      "alarm bool",
      "forecast float8",
      "forecast_for timestamp",
      "forecast_high float8",
      "forecast_low float8",
      "observed_at timestamp",
      "series text",
      "source_offset int8",
      "source_partition int4",
      "value float8",
    ]);
    const written = (await broker.readCommitted(forecasts, 40))[0]!.map(({ value }) => {
      const { payload } = JSON.parse(value!.toString()) as { payload: Record<string, unknown> };
      return payload;
    });
    expect(rows).toHaveLength(40);
    for (const payload of written) {
      const row = rows.find(({ source_offset: offset }) => offset === String(payload["source_offset"]))!;
      expect(row["series"]).toBe(payload["series"]);
      for (const name of ["value", "forecast", "forecast_low", "forecast_high"]) {
        expect(row[name] === "null" ? null : Number(row[name])).toBe(payload[name]);
      }
      const time = new Date(payload["observed_at"] as number).toISOString();
      expect(Date.parse(`${row["observed_at"]!.replace(" ", "T")}Z`)).toBe(Date.parse(time));
    }
    const panel = readFileSync("examples/sinks/grafana.sql", "utf8");
    const [, ...points] = await sqlRows(
      url,
      panel.replace("$__timeFilter(observed_at)", "observed_at > '2000-01-01'"),
    );
    const ofKey = written.filter(({ series }) => series === "key-1");
    expect(points.map(([, value]) => Number(value))).toEqual(ofKey.map(({ value }) => value));
    expect(points.slice(1).map(([, , forecast]) => Number(forecast))).toEqual(
      ofKey.slice(0, -1).map(({ forecast }) => forecast),
    );
  });

  test("writes the same table from Avro under a registered schema", async () => {
    registry = await startRegistry();
    const settings = await deployment(1, {
      model: quick,
      encode: encodeOf("sink-avro"),
      schemaRegistry: { url: registry.url },
    });
    const { forecasts } = settings.topics;
    await serve(settings, 40);
    connect = await startConnect(broker.brokers, {
      ...sink("jdbc-avro"),
      topics: forecasts,
      "connection.url": database!.url,
      "collection.name.format": "avro",
      "value.converter.apicurio.registry.url": registry.url.replace("ccompat/v7", "registry/v2"),
    });
    const { columns, rows } = await rowsOf(connect, database!.url, "avro", 40);
    expect(columns).toEqual([
      "__connect_topic text",
      "__connect_partition int4",
      "__connect_offset int8",
      "key text",
      "time timestamp",
      "value float8",
      "forecast float8",
      "anomaly_score float8",
      "alarm bool",
    ]);
    expect(rows.map(({ value }) => Number(value))).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(new Set(rows.map(({ key }) => key)).size).toBe(3);
    // Nothing is known of a key before its first event.
    expect(rows.filter(({ anomaly_score: score }) => score === "null").length).toBeGreaterThanOrEqual(3);
    expect(rows.filter(({ forecast }) => Number.isFinite(Number(forecast))).length).toBeGreaterThan(30);
  });
});
