// PostgreSQL as local processes, from binaries of Maven Central: a database for sinks to write to.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./broker-parts.js";
import { cached, fetchOnce } from "./maven.js";

const run = promisify(execFile);
const version = "16.9.0";
const home = cached(`postgres-${version}`);

const platforms: Readonly<Record<string, string>> = {
  "linux-x64": "linux-amd64",
  "linux-arm64": "linux-arm64v8",
  "darwin-x64": "darwin-amd64",
  "darwin-arm64": "darwin-arm64v8",
};
const platform = platforms[`${process.platform}-${process.arch}`];

/** Whether there are binaries for this machine. */
export const postgresIsHere = platform !== undefined;

export interface RunningPostgres {
  /** JDBC address of the database; the user is postgres, without a password. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

async function download(): Promise<void> {
  await fetchOnce(home, async (folder) => {
    const name = `embedded-postgres-binaries-${platform}`;
    const artifact = `-Dartifact=io.zonky.test.postgres:${name}:${version}`;
    await run("mvn", ["-q", "-B", "dependency:copy", artifact, `-DoutputDirectory=${folder}`]);
    await run("jar", ["xf", `${name}-${version}.jar`], { cwd: folder });
    const archive = (await readdir(folder)).find((file) => file.endsWith(".txz"))!;
    const place = await mkdtemp(join(folder, "postgres-"));
    await run("tar", ["xJf", join(folder, archive), "-C", place]);
    return place;
  });
}

/** PostgreSQL refuses to run as root: then it runs as nobody. */
const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Starts a database on a free loopback port; it lives in a temporary folder until it is stopped. */
export async function startPostgres(): Promise<RunningPostgres> {
  await download();
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-postgres-"));
  // Nobody may be unable to read the cache of root.
  await cp(home, join(folder, "home"), { recursive: true, verbatimSymlinks: true });
  await chmod(folder, 0o755);
  await chmod(join(folder, "home"), 0o755);
  const data = join(folder, "home", "data");
  const bin = join(folder, "home", "bin");
  if (owner.uid !== undefined) await chown(join(folder, "home"), owner.uid, owner.gid);
  const started = { cwd: join(folder, "home"), ...owner };
  await run(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"], started);
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"];
  const child = spawn(
    join(bin, "postgres"),
    ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
    { ...started, stdio: "ignore" },
  );
  const orphan = (): void => void child.kill("SIGKILL");
  process.once("exit", orphan);
  await listening(port, child);
  return {
    url: `jdbc:postgresql://127.0.0.1:${port}/postgres`,
    port,
    async stop() {
      process.off("exit", orphan);
      const ended = once(child, "exit");
      // A fast shutdown: clients that are still connected are cut off.
      child.kill("SIGINT");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended: ${child.exitCode}`);
    const socket = connect(port, "127.0.0.1");
    const isThere = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await sleep(50);
  }
}
