/** Patches of the client's own modules, each applied once to the whole process. */
import { createRequire } from "node:module";

/**
 * Returns a function that changes the exports of a client module, such as the prototype of a class. Only its first call has an
 * effect, because a patch that wraps a method would otherwise wrap itself.
 *
 * @example
 * ```ts
 * const patchFetch = patchModule("kafkajs/src/broker", ({ prototype }: { prototype: Broker }) => { … });
 * ```
 */
export function patchModule(module: string, patch: (exported: never) => void): () => void {
  return once((require) => patch(require(module) as never));
}

/** Returns a function that runs a patch which loads modules of the client itself; only its first call does anything. */
function once(patch: (require: NodeJS.Require) => void): () => void {
  let patched = false;
  return () => {
    if (patched) return;
    patched = true;
    patch(createRequire(import.meta.url));
  };
}

/** A module of the client, the function that replaces its export, and the modules that already use the old export. */
export interface Replacement<Exported> {
  /** "kafkajs/src/…" */
  readonly module: string;
  /** Modules that are reloaded at their next use: substrings of their paths, with "/". */
  readonly users: readonly string[];
  readonly replace: (exported: Exported) => Exported;
}

/** Returns a function that replaces the whole export of a module; only its first call does anything. */
export function replaceExport<Exported>({ module, users, replace }: Replacement<Exported>): () => void {
  return once((require) => {
    const path = require.resolve(module);
    const exported = require(path) as Exported;
    require.cache[path]!.exports = replace(exported);
    for (const loaded of Object.keys(require.cache)) {
      const name = loaded.replaceAll("\\", "/");
      if (loaded !== path && users.some((user) => name.includes(`/kafkajs/src/${user}`)))
        Reflect.deleteProperty(require.cache, loaded);
    }
  });
}
