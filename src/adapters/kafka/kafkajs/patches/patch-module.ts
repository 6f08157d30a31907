/** Repairs of the client where it has no place of its own for them: of one of its modules, for the whole process, once. */
import { createRequire } from "node:module";

/**
 * A function that has `repair` change what a module of the client exports, such as the prototype of a class; called again
 * it does nothing, for a repair that wraps a method would wrap itself.
 *
 * @example
 * ```ts
 * const repairFetch = repairOf("kafkajs/src/broker", ({ prototype }: { prototype: BrokerConnection }) => { … });
 * ```
 */
export function patchModule(module: string, repair: (exported: never) => void): () => void {
  return patchOnce((require) => repair(require(module) as never));
}

/** The same for a repair that loads modules of the client itself. */
export function patchOnce(repair: (require: NodeJS.Require) => void): () => void {
  let repaired = false;
  return () => {
    if (repaired) return;
    repaired = true;
    repair(createRequire(import.meta.url));
  };
}
