// Kafka Connect's standalone runtime with a JDBC sink or Camel's, as a local Java process from Maven Central's jars.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./broker-parts.js";
import { cached, fetchJars } from "./maven.js";

const run = promisify(execFile);
const jars = cached("connect-4.1.0-jdbc-3.3.1-transforms");

const dependency = (group: string, artifact: string, version: string): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>undercurrent</groupId><artifactId>test-connect</artifactId><version>1</version><dependencies>
${dependency("org.apache.kafka", "connect-runtime", "4.1.0")}
${dependency("org.apache.kafka", "connect-json", "4.1.0")}
${dependency("org.apache.kafka", "connect-transforms", "4.1.0")}
${dependency("io.debezium", "debezium-connector-jdbc", "3.3.1.Final")}
${dependency("io.apicurio", "apicurio-registry-utils-converter", "2.6.13.Final")}
</dependencies></project>`;

/** Parts of a plugin that the runtime has. */
const exclusions = ["org.apache.kafka", "io.apicurio", "io.confluent"]
  .map((group) => `<exclusion><groupId>${group}</groupId><artifactId>*</artifactId></exclusion>`)
  .join("");

/** Camel's sink is a plugin with a class loader of its own, because its libraries are older than the runtime's. */
const plugins = cached("connect-camel-0.11.0-http");
const pluginPom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>undercurrent</groupId><artifactId>test-connect-camel</artifactId><version>1</version><dependencies>
${dependency("org.apache.camel.kafkaconnector", "camel-kafka-connector", "0.11.0").replace("</dependency>", `<exclusions>${exclusions}</exclusions></dependency>`)}
${dependency("org.apache.camel", "camel-http", "3.11.1")}
</dependencies></project>`;

/** Prints what a query gives: names of columns, then rows, with tabs between columns. */
const program = `
import java.sql.*;

public class Query {
  public static void main(String[] arguments) throws Exception {
    try (Connection connection = DriverManager.getConnection(arguments[0]);
        Statement statement = connection.createStatement()) {
      if (!statement.execute(arguments[1])) return;
      ResultSet rows = statement.getResultSet();
      ResultSetMetaData columns = rows.getMetaData();
      StringBuilder line = new StringBuilder();
      for (int i = 1; i <= columns.getColumnCount(); i++)
        line.append(i > 1 ? "\\t" : "").append(columns.getColumnName(i) + " " + columns.getColumnTypeName(i));
      System.out.println(line);
      while (rows.next()) {
        line.setLength(0);
        for (int i = 1; i <= columns.getColumnCount(); i++)
          line.append(i > 1 ? "\\t" : "").append(rows.getString(i));
        System.out.println(line);
      }
    }
  }
}`;

type Properties = Readonly<Record<string, string>>;
const textOf = (properties: Properties): string =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

/** Returns the settings of a file of examples/sinks. */
export function sinkSettings(name: string): Properties {
  const lines = readFileSync(`examples/sinks/${name}.properties`, "utf8").split("\n");
  const settings = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    settings.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

export interface RunningConnect {
  /** Tasks of the connector, as Connect's own API tells of them. */
  tasks(): Promise<readonly { readonly state: string; readonly trace?: string }[]>;
  stop(): Promise<void>;
}

/** The rows that a query gives, the first of which names the columns and their types; nothing for other statements. */
export async function sqlRows(url: string, sql: string): Promise<string[][]> {
  await fetchJars(jars, pom);
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-query-"));
  try {
    await writeFile(join(folder, "Query.java"), program);
    const classes = ["-cp", join(jars, "*"), join(folder, "Query.java")];
    const { stdout } = await run("java", [...classes, `${url}?user=postgres`, sql]);
    return stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts Connect with one connector. */
export async function startConnect(
  brokers: readonly string[],
  connector: Properties,
): Promise<RunningConnect> {
  await fetchJars(jars, pom);
  const isCamel = connector["connector.class"]!.startsWith("org.apache.camel.");
  if (isCamel) await fetchJars(join(plugins, "camel"), pluginPom);
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-connect-"));
  const port = await freePort();
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const worker = await file(
    "worker.properties",
    textOf({
      "bootstrap.servers": brokers.join(","),
      "key.converter": "org.apache.kafka.connect.storage.StringConverter",
      "value.converter": "org.apache.kafka.connect.json.JsonConverter",
      "offset.storage.file.filename": join(folder, "offsets"),
      "offset.flush.interval.ms": "1000",
      ...(isCamel && { "plugin.path": plugins }),
      listeners: `http://127.0.0.1:${port}`,
    }),
  );
  const sink = await file("sink.properties", textOf({ "tasks.max": "1", ...connector }));
  const memory = ["-Xmx512m", "-XX:TieredStopAtLevel=1"];
  const main = "org.apache.kafka.connect.cli.ConnectStandalone";
  const child = spawn("java", [...memory, "-cp", join(jars, "*"), main, worker, sink], { stdio: "ignore" });
  const orphan = (): void => void child.kill("SIGKILL");
  process.once("exit", orphan);
  return {
    async tasks() {
      const url = `http://127.0.0.1:${port}/connectors/${connector["name"]!}/status`;
      const status = await fetch(url).then(
        async (response) => (response.ok ? ((await response.json()) as { tasks: [] }) : undefined),
        () => undefined,
      );
      if (status === undefined && child.exitCode !== null) throw new Error("Connect has ended.");
      return status?.tasks ?? [];
    },
    async stop() {
      process.off("exit", orphan);
      if (child.exitCode === null) {
        const ended = once(child, "exit");
        child.kill();
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
