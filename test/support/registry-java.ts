// A schema registry with Confluent's API as a local Java process: Apicurio Registry from Maven Central.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { describe } from "vitest";
import { freePort } from "./broker-parts.js";
import { cached, fetchOnce } from "./maven.js";

const run = promisify(execFile);
const version = "3.0.9";

const home = (): string => cached(`apicurio-registry-${version}`);

/** Whether there is Java of at least 17, and the registry or Maven to fetch it with. */
const isThere = await (async () => {
  try {
    const { stderr } = await run("java", ["-version"]);
    if (Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) < 17) return false;
    if (!existsSync(home())) await run("mvn", ["-v"]);
    return true;
  } catch {
    return false;
  }
})();
if (!isThere)
  console.warn("SKIPPED: tests of a real schema registry need Java 17 or later, and Maven to fetch it.");

/** Tests that need a schema registry. */
export const describeWithRegistry = isThere ? describe : describe.skip;

async function download(): Promise<void> {
  await fetchOnce(home(), async (folder) => {
    const artifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`;
    await run("mvn", [
      "-q",
      "-B",
      "dependency:copy",
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${folder}`,
    ]);
    await mkdir(join(folder, "registry"));
    const archive = join(folder, `apicurio-registry-app-${version}-all.tar.gz`);
    await run("tar", ["xzf", archive, "-C", join(folder, "registry")]);
    return join(folder, "registry");
  });
}

export interface RunningRegistry {
  readonly url: string;
  /** Registers a schema and returns its id. */
  register(
    subject: string,
    schemaType: "AVRO" | "PROTOBUF" | "JSON",
    schema: string,
    references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[],
  ): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a registry on a free loopback port; it keeps its schemas in memory. */
export async function startRegistry(): Promise<RunningRegistry> {
  await download();
  const port = await freePort();
  const jar = join(home(), `apicurio-registry-app-${version}-runner.jar`);
  const address = ["-Dquarkus.http.host=127.0.0.1", `-Dquarkus.http.port=${port}`];
  const child = spawn("java", ["-Xmx512m", "-XX:TieredStopAtLevel=1", ...address, "-jar", jar], {
    stdio: "ignore",
  });
  const orphan = (): void => void child.kill("SIGKILL");
  process.once("exit", orphan);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      process.off("exit", orphan);
      resolve();
    });
  });
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  for (let attempt = 0; ; attempt++) {
    const isReady = await fetch(`${url}/subjects`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) break;
    if (attempt === 600 || child.exitCode !== null) throw new Error("The schema registry did not start.");
    await sleep(300);
  }
  return {
    url,
    async register(subject, schemaType, schema, references = []) {
      const response = await fetch(`${url}/subjects/${encodeURIComponent(subject)}/versions`, {
        method: "POST",
        headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
        body: JSON.stringify({ schema, schemaType, references }),
      });
      if (!response.ok) throw new Error(`The registry refuses a schema: ${await response.text()}`);
      return ((await response.json()) as { readonly id: number }).id;
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
}
