/** Loads TensorFlow.js, an optional package, with the fastest installed backend. */
import type * as core from "@tensorflow/tfjs-core";
import type * as tfjsLayers from "@tensorflow/tfjs-layers";
import util from "node:util";
import { UndercurrentError } from "../../errors/library.js";

/** Lists the backends by their names in TensorFlow.js; `tensorflow` is the native one of @tensorflow/tfjs-node. */
export const tfjsBackends = ["tensorflow", "wasm", "cpu"] as const;
/** A backend of TensorFlow.js. */
export type TfjsBackend = (typeof tfjsBackends)[number];

export interface TfjsModules {
  readonly tf: typeof core;
  readonly layers: typeof tfjsLayers;
  readonly backend: TfjsBackend;
}

/** Options for loading TensorFlow.js. */
export interface TfjsLoadOptions {
  /** Backend to use. Default: the first installed of tensorflow, wasm and cpu. */
  readonly backend?: TfjsBackend | undefined;
  /** Called once with a line that names the backend. */
  readonly log?: ((line: string) => void) | undefined;
}

const native = "@tensorflow/tfjs-node";
// The layers also register the gradients of the operations, which the core leaves out.
const portable = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-layers"];
const packages: Readonly<Record<TfjsBackend, readonly string[]>> = {
  tensorflow: [native],
  wasm: [...portable, "@tensorflow/tfjs-backend-wasm"],
  cpu: [...portable, "@tensorflow/tfjs-backend-cpu"],
};

/**
 * Loads TensorFlow.js and makes its backend the current one. Throws TFJS_MISSING with the packages to install if no backend can
 * be loaded.
 */
export async function loadTfjs({ backend, log }: TfjsLoadOptions = {}): Promise<TfjsModules> {
  const failures: string[] = [];
  for (const candidate of backend === undefined ? tfjsBackends : [backend]) {
    try {
      const modules = await loadBackend(candidate);
      log?.(describe(modules, failures));
      return modules;
    } catch (error) {
      failures.push(`${candidate}: ${reasonOf(error as NodeJS.ErrnoException)}`);
    }
  }
  const installs = backend === undefined ? [packages.tensorflow, packages.wasm] : [packages[backend]];
  const commands = installs.map((names) => `npm install ${names.join(" ")}`);
  throw new UndercurrentError(
    "TFJS_MISSING",
    `cannot load TensorFlow.js (${failures.join("; ")}): run ${commands.join(", or without native code ")}`,
  );
}

/** Returns the name of a missing package, or the first line of another error. */
function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  const missing = code === "ERR_MODULE_NOT_FOUND" ? /'(@tensorflow\/[^'/]+)'/.exec(message) : null;
  return missing === null ? message.trim().split("\n")[0]! : `${missing[1]!} is not installed`;
}

async function loadBackend(backend: TfjsBackend): Promise<TfjsModules> {
  if (backend === "tensorflow") restoreUtilities();
  const modules: unknown[] = [];
  for (const name of packages[backend]) modules.push(await importCommonJs(name));
  // The native package brings the layers too.
  const [tf, layers] = [modules[0] as typeof core, (modules[1] ?? modules[0]) as typeof tfjsLayers];
  if (await tf.setBackend(backend)) return { tf, layers, backend };
  throw new TypeError(`the backend ${backend} does not start`);
}

/** The exports of a CommonJS module, all of them: those that Node finds by reading its text are fewer. */
async function importCommonJs(name: string): Promise<unknown> {
  const module = (await import(name)) as { readonly default?: unknown };
  return module.default ?? module;
}

/** tfjs-node 4.22 calls functions at its first operations that Node 23 no longer has. */
function restoreUtilities(): void {
  const utilities = util as {
    isNullOrUndefined?: (value: unknown) => boolean;
    isArray?: typeof Array.isArray;
  };
  utilities.isNullOrUndefined ??= (value) => value === null || value === undefined;
  utilities.isArray ??= (value) => Array.isArray(value);
}

function describe({ tf, backend }: TfjsModules, failures: readonly string[]): string {
  const others = failures.length === 0 ? "" : ` (${failures.join("; ")})`;
  return `engine: TensorFlow.js ${tf.version_core}, backend ${backend}${others}`;
}
