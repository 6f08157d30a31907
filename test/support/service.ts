// Commands with a configuration, `run` above all, as child processes, each with a configuration of the test's own.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import type { configSchema } from "../../src/config/schema.js";
import { startNode, type Child } from "./child.js";

export type Settings = z.input<typeof configSchema>;

export interface StartOptions {
  readonly args?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** Starts a command with these settings, or with this text as its configuration. */
export function startCommand(
  command: readonly string[],
  settings: Settings | string,
  environment?: NodeJS.ProcessEnv,
): Child {
  const file = join(folder, `config-${files++}.yaml`);
  // JSON is YAML too.
  writeFileSync(file, typeof settings === "string" ? settings : JSON.stringify(settings));
  return startNode(["dist/cli.js", ...command, "-c", file], environment);
}

/** Starts `undercurrent run`. */
export function startService(
  settings: Settings | string,
  { args = [], environment }: StartOptions = {},
): Child {
  return startCommand(["run", ...args], settings, environment);
}

/** The lines of the log that tell of an event, parsed. */
export function logged(child: Child, event: string): Readonly<Record<string, unknown>>[] {
  return child.err
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    .filter((entry) => entry["event"] === event);
}
