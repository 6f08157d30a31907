/** Reads the configuration again while a service runs: what may change takes effect, anything else refuses the whole. */
import { loadConfig } from "../../config/load.js";
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import { onHangup } from "../shared/signals.js";
import type { ServiceLog } from "./service-log.js";

/** Paths of the settings that may change. A path includes what is below it. */
const watching = ["log.level", "server.series"] as const;
/** Those of them that change outputs: they take effect at a commit, as a start with `migrate` makes them. */
const tuning = [
  "model.alarmRate",
  "model.detection.direction",
  "model.detection.minimumDeviation",
  "model.detection.overrides",
  "model.detection.confirm",
  "model.detection.quiet",
] as const;
export const reloadable: readonly string[] = [...watching, ...tuning];

/** The outcome of a reload, as plain data. */
export interface ReloadOutcome {
  /** Settings that changed, by their paths. */
  readonly changed: readonly string[];
}

/** Holds the settings that are in force. */
export class Reloader {
  #current: Config;
  readonly #read: () => Config;
  readonly #apply: (settings: Config) => void;

  /**
   * @param current The settings of the start.
   * @param read Reads the file again. Throws as `loadConfig` does.
   * @param apply Puts settings in force, of which only reloadable ones differ.
   */
  constructor(current: Config, read: () => Config, apply: (settings: Config) => void) {
    this.#current = current;
    this.#read = read;
    this.#apply = apply;
  }

  /**
   * Puts the settings of the file in force. Throws CONFIG_UNREADABLE, and SETTING_INVALID naming each setting that cannot change;
   * then every setting stays as it is.
   */
  reload(): ReloadOutcome {
    const next = this.#read();
    const changed = changedPaths(this.#current, next);
    const refusals = changed.flatMap((path) => {
      const reason = refusalOf(path, next);
      return reason === undefined ? [] : [`\n  ${path}: ${reason}`];
    });
    if (refusals.length > 0) {
      const message = `the configuration was not reloaded:${refusals.join("")}`;
      throw new UndercurrentError("SETTING_INVALID", message);
    }
    if (changed.length > 0) this.#apply(next);
    this.#current = next;
    return { changed };
  }
}

/** Why a setting cannot change while the service runs; undefined where it can. */
function refusalOf(path: string, { recovery, candidate }: Config): string | undefined {
  if (watching.some((each) => isBelow(path, each))) return undefined;
  if (!tuning.some((each) => isBelow(path, each))) return "takes effect at a start; restart the service";
  if (candidate !== undefined) return "cannot change beside a candidate; restart the service";
  if (recovery.changedModel === "migrate") return undefined;
  return "requires recovery.changedModel: migrate, because other instances may hold a state with the former value";
}

const isBelow = (path: string, whole: string): boolean => path === whole || path.startsWith(`${whole}.`);

/** The paths at which two configurations differ; a list is one setting. */
function changedPaths(before: unknown, after: unknown, path = ""): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isSection(before) || !isSection(after)) return [path];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) =>
    changedPaths(before[name], after[name], path === "" ? name : `${path}.${name}`),
  );
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the configuration again, at SIGHUP and at POST /reload, and tells those who go by it. */
export interface Reloads {
  reload(): ReloadOutcome;
  /** Calls a listener with the settings that are in force after each reload. */
  follow(listener: (settings: Config) => void): void;
}

/** @param file The configuration; undefined if the service was started without one. */
export function reloadsOf(settings: Config, log: ServiceLog, file: string | undefined): Reloads {
  const followers: ((settings: Config) => void)[] = [({ log: { level } }) => (log.level = level)];
  const reloader = new Reloader(
    settings,
    () => {
      if (file === undefined) {
        throw new UndercurrentError("SETTING_INVALID", "the service was started without --config");
      }
      return loadConfig(file, process.env).settings;
    },
    (next) => followers.forEach((follow) => follow(next)),
  );
  const reload = (): ReloadOutcome => {
    try {
      const outcome = reloader.reload();
      log.info({ event: "reloaded", ...outcome }, "configuration reloaded");
      return outcome;
    } catch (error) {
      if (error instanceof UndercurrentError) {
        log.warn({ event: "reload-refused", code: error.code }, error.message);
      }
      throw error;
    }
  };
  return { reload, follow: (listener) => void followers.push(listener) };
}

/** Reloads at SIGHUP; a refusal is in the log. */
export function reloadAtHangup(reloads: Reloads): void {
  onHangup(() => {
    try {
      reloads.reload();
    } catch (error) {
      if (!(error instanceof UndercurrentError)) throw error;
    }
  });
}
