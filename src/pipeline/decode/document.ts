/** Follows paths in a parsed document, and walks through the items of its arrays. */
import { isUtf8 } from "node:buffer";
import { alternatives, pathNames, type FieldPath } from "../decode-settings.js";
import type { InputRecord } from "../ports.js";

/** Returns the value at a path; undefined if there is none. Follows own properties only. */
export function find(document: unknown, path: readonly string[], from = 0): unknown {
  let found = document;
  for (let depth = from; depth < path.length; depth++) {
    const name = path[depth]!;
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return found;
}

export function pathText(path: readonly string[]): string {
  return JSON.stringify(path.join("."));
}

/**
 * The way to one item of an array: the document, then the value after each name of the path, of which the ones in arrays are
 * those of this item. Without `each` it holds the document alone.
 */
export type Chain = readonly unknown[];

/** A path that begins in the item as far as it is the path of the items, and in the document otherwise. */
export interface ItemPath {
  readonly names: readonly string[];
  /** How many of its first names it has in common with the path of the items. */
  readonly common: number;
  /** Paths that are followed in turn where nothing, or null, is at this one. */
  readonly others?: readonly ItemPath[];
}

/** Returns the path of a setting within a record, or the paths of which the first with something at it is taken. */
export function fieldPath(path: FieldPath, each: readonly string[] | undefined): ItemPath {
  const [first, ...others] = alternatives(path).map((one) => itemPath(pathNames(one), each));
  return others.length === 0 ? first! : { ...first!, others };
}

export function itemPath(names: readonly string[], each: readonly string[] | undefined): ItemPath {
  let common = 0;
  while (each !== undefined && common < each.length && each[common] === names[common]) common++;
  return { names, common };
}

export function findIn(chain: Chain, { names, common, others }: ItemPath): unknown {
  const found = find(chain[common], names, common);
  return others === undefined || (found !== undefined && found !== null)
    ? found
    : firstOfOthers(found, chain, others);
}

/** Null counts where nothing is at the other paths. */
function firstOfOthers(found: null | undefined, chain: Chain, others: readonly ItemPath[]): unknown {
  let first: unknown = found;
  for (const other of others) {
    const next = findIn(chain, other);
    if (next !== undefined && next !== null) return next;
    if (first === undefined) first = next;
  }
  return first;
}

/** How messages call a path. */
export function fieldText({ names, others = [] }: ItemPath): string {
  return [names, ...others.map((other) => other.names)].map(pathText).join(" or ");
}

/**
 * Calls `visit` with the chain of each item at a path; the chain is reused. Arrays on the way are walked too, but no array
 * that is itself an item of one. Returns whether there was an array.
 */
export function visitItems(
  document: unknown,
  path: readonly string[],
  visit: (chain: Chain) => void,
): boolean {
  const chain: unknown[] = [];
  let isList = false;
  const enter = (node: unknown, depth: number): void => {
    chain[depth] = node;
    if (depth === path.length) {
      visit(chain);
      return;
    }
    const next = find(node, path.slice(depth, depth + 1));
    if (next !== undefined && next !== null) open(next, depth + 1);
  };
  const open = (node: unknown, depth: number): void => {
    if (!Array.isArray(node)) {
      enter(node, depth);
      return;
    }
    isList = true;
    for (const item of node) enter(item, depth);
  };
  open(document, 0);
  return isList;
}

/** The text of the last header of a name; undefined if there is none, or it is not UTF-8. */
export function headerText({ headers }: InputRecord, name: string): string | undefined {
  const bytes = headers.findLast((header) => header.name === name)?.value;
  return bytes === undefined || !isUtf8(bytes) ? undefined : decodeText(bytes);
}

export function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
