// Forecasts of the built command in a table of PostgreSQL, written by Kafka Connect's runtime and a JDBC sink.
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { sinkSettings, sqlRows, startConnect, type RunningConnect } from "../../support/connect.js";
import { converterAnswers } from "../../support/converter.js";
import { postgresIsHere, startPostgres, type RunningPostgres } from "../../support/postgres.js";
import { startRegistry, type RunningRegistry } from "../../support/registry-java.js";
import { startCommand, startService, type Settings } from "../../support/service.js";
import { eventsWithFaults } from "../../support/faults.js";
import { quick } from "../../support/streams.js";
import { committed, deployment, produce, type Deployment } from "../kafka/deployment.js";

const isThere = converterAnswers() && postgresIsHere;
if (!isThere) console.warn("SKIPPED: tests of a JDBC sink. Install Java 17 with Maven.");
// The first run downloads Connect, the sink and the database.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const encodeOf = (name: string): Settings["encode"] =>
  loadConfig(`examples/topics/${name}.yaml`, {}).settings.encode;

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
      ...sinkSettings("jdbc"),
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
    // The table of the recipe for TimescaleDB, before it becomes a hypertable.
    const plain = readFileSync("examples/sinks/postgres.sql", "utf8")
      .replace(") PARTITION BY RANGE (observed_at);", ");")
      .replace(/^CREATE TABLE \S+ PARTITION OF .*$/m, "")
      .replaceAll(/\bforecasts\b/g, "undivided");
    await sqlRows(url, plain);
    await connect.stop();
    connect = await startConnect(broker.brokers, {
      ...settingsOf(broker.name("undivided")),
      "collection.name.format": "undivided",
    });
    expect((await rowsOf(connect, url, "undivided", 40)).rows).toEqual(rows);
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

  test("writes one row per incident, and never meets feedback, which has a topic of its own", async () => {
    const url = database!.url;
    const base = await deployment(1, { encode: encodeOf("sink-incidents"), commit: { maxEvents: 20 } });
    const feedback = broker.name("feedback");
    await broker.createTopics({ [feedback]: { partitions: 1 } });
    const settings: Deployment = { ...base, topics: { ...base.topics, feedback } };
    const events = eventsWithFaults(1800, 2);
    const produceFaults = (from: number, to: number): Promise<unknown> =>
      broker.produce(
        settings.topics.input,
        0,
        events.slice(from, to).map(({ key, time, value }) => ({
          ...{ key, value: JSON.stringify({ value }), timestamp: Date.UTC(2026, 0, 1) + time },
        })),
      );
    const service = startService(settings);
    await produceFaults(0, 900);
    await committed(service, 0, 900);
    const output = async (...args: string[]): Promise<string> => {
      const command = startCommand(args, settings);
      expect(await command.ended, command.err.join("\n")).toBe(0);
      return command.out.join("\n");
    };
    const { incidents: first } = JSON.parse(await output("incidents", "--json")) as {
      incidents: { id: string }[];
    };
    await output("incidents", "wrong", first[0]!.id);
    await produceFaults(900, 1800);
    await committed(service, 0, 1800);
    expect(await service.end()).toBe(0);
    const { incidents } = JSON.parse(await output("incidents", "--json")) as {
      readonly incidents: readonly Readonly<Record<string, unknown>>[];
    };
    expect(incidents.length).toBeGreaterThan(3);
    expect(await broker.readCommitted(feedback, 1)).toMatchObject([[{}]]);
    connect = await startConnect(broker.brokers, {
      ...sinkSettings("jdbc-incidents"),
      topics: settings.topics.incidents,
      "connection.url": url,
    });
    await rowsOf(connect, url, "incidents", incidents.length);
    await expect
      .poll(() => broker.committedOffset("connect-incidents", settings.topics.incidents, 0), {
        timeout: 100_000,
      })
      .toBeGreaterThan(incidents.length);
    const { rows } = await rowsOf(connect, url, "incidents", incidents.length);
    expect(rows).toHaveLength(incidents.length);
    for (const { id, state, kind, severity, events: count } of incidents) {
      const row = rows.find((each) => each["id"] === id)!;
      expect([row["state"], row["kind"], Number(row["severity"]), Number(row["events"])]).toEqual([
        ...[state, kind, severity, count],
      ]);
    }
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
      ...sinkSettings("jdbc-avro"),
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
