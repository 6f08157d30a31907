// Kafka Connect's own JsonConverter, run as a Java process on messages.
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cached, fetchJars } from "./maven.js";

const run = promisify(execFile);
const version = "4.1.0";
const jars = cached(`connect-json-${version}`);

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>undercurrent</groupId><artifactId>test-converter</artifactId><version>1</version>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId>
<version>${version}</version></dependency></dependencies></project>`;

/** Reads one message a line, and prints each field as name, type of its schema, Java class and value. */
const program = `
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.json.JsonConverter;

public class Reader {
  public static void main(String[] arguments) throws Exception {
    JsonConverter converter = new JsonConverter();
    converter.configure(Map.of("schemas.enable", "true"), false);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = lines.readLine()) != null; ) {
      SchemaAndValue read = converter.toConnectData("forecasts", line.getBytes(StandardCharsets.UTF_8));
      Struct struct = (Struct) read.value();
      struct.validate();
      StringBuilder out = new StringBuilder();
      for (Field field : read.schema().fields()) {
        Object value = struct.get(field);
        String type = value == null ? "null" : value.getClass().getSimpleName();
        Object shown = value instanceof java.util.Date date ? date.toInstant() : value;
        out.append(field.name() + " " + field.schema().type() + " " + type + " " + shown + "\\t");
      }
      System.out.println(out.toString().trim());
    }
  }
}`;

/** Whether a Java compiler is here, and the converter or Maven to get it. */
export function converterAnswers(): boolean {
  try {
    execFileSync("javac", ["-version"], { stdio: "ignore" });
    if (!existsSync(jars)) execFileSync("mvn", ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Returns what the converter reads: a line of fields for each message. */
export async function convert(messages: readonly string[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-"));
  try {
    await fetchJars(jars, pom);
    await writeFile(join(folder, "Reader.java"), program);
    const child = run("java", ["-cp", join(jars, "*"), join(folder, "Reader.java")]);
    child.child.stdin!.end(messages.map((message) => `${message}\n`).join(""));
    return (await child).stdout.trim().split("\n");
  } finally {
    await rm(folder, { recursive: true });
  }
}
