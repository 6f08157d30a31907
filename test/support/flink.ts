// Flink SQL in a cluster of one Java process, from Maven Central's jars.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cached, fetchJars } from "./maven.js";

const run = promisify(execFile);
const version = "2.2.0";
const jars = cached(`flink-${version}`);

const flink = (artifact: string, its = version): string =>
  `<dependency><groupId>org.apache.flink</groupId><artifactId>flink-${artifact}</artifactId><version>${its}</version></dependency>`;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>undercurrent</groupId><artifactId>test-flink</artifactId><version>1</version><dependencies>
${flink("clients")}${flink("table-api-java-bridge")}${flink("table-planner-loader")}${flink("table-runtime")}
${flink("json")}${flink("connector-base")}${flink("sql-avro-confluent-registry")}
${flink("sql-connector-kafka", "5.0.0-2.2")}
</dependencies></project>`;

/** Prints each row of the last statement. */
const program = `
import java.nio.file.*;
import org.apache.flink.table.api.*;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

public class Sql {
  public static void main(String[] arguments) throws Exception {
    TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    tables.getConfig().set("parallelism.default", "1");
    tables.getConfig().set("table.local-time-zone", "UTC");
    TableResult result = null;
    for (String statement : Files.readString(Path.of(arguments[0])).split(";\\\\s*\\n"))
      if (!statement.isBlank()) result = tables.executeSql(statement.strip());
    try (CloseableIterator<Row> rows = result.collect()) {
      while (rows.hasNext()) System.out.println(rows.next());
    }
    System.exit(0);
  }
}`;

/** Runs statements, each of which ends with a semicolon and its line, and returns the rows of the last as texts. */
export async function flinkRows(sql: string): Promise<readonly string[]> {
  await fetchJars(jars, pom);
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-flink-"));
  try {
    await writeFile(join(folder, "Sql.java"), program);
    await writeFile(join(folder, "statements.sql"), sql);
    const { stdout } = await run("java", [
      "-Xmx1g",
      "-XX:TieredStopAtLevel=1",
      // Flink's serializers look into classes of Java.
      "--add-opens=java.base/java.util=ALL-UNNAMED",
      "--add-opens=java.base/java.lang=ALL-UNNAMED",
      "--add-opens=java.base/java.time=ALL-UNNAMED",
      "-cp",
      join(jars, "*"),
      join(folder, "Sql.java"),
      join(folder, "statements.sql"),
    ]);
    return stdout.trim().split("\n");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
