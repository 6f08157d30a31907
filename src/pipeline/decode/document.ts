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

/** Where the items of a record are. */
export interface Items {
  /** Path of their array, of the object whose members they are, or of the object around the arrays beside one another. */
  readonly path: readonly string[];
  readonly isMembers?: boolean;
  /** Paths of arrays whose items of one number are read together. */
  readonly arrays?: readonly (readonly string[])[];
}

/**
 * The way to one item: the document, then the value after each name of the path, of which the ones in arrays are those of
 * this item. Behind them are a member and its name, or the items of arrays beside one another. Without `each` it holds the
 * document alone.
 */
export type Chain = readonly unknown[];

/** A path that begins in the item as far as it is the path of the items, and in the document otherwise. */
export interface ItemPath {
  readonly names: readonly string[];
  /** Where in the chain it begins, and how many of its first names lie before. */
  readonly start: number;
  readonly from: number;
  /** Paths that are followed in turn where nothing, or null, is at this one. */
  readonly others?: readonly ItemPath[];
}

/** Returns the path of a setting within a record, or the paths of which the first with something at it is taken. */
export function fieldPath(path: FieldPath, items: Items | undefined): ItemPath {
  const [first, ...others] = alternatives(path).map((one) => itemPath(pathNames(one), items));
  return others.length === 0 ? first! : { ...first!, others };
}

export function itemPath(names: readonly string[], items: Items | undefined): ItemPath {
  if (items === undefined) return { names, start: 0, from: 0 };
  const { path, arrays, isMembers } = items;
  const array = arrays?.findIndex((one) => one.every((name, depth) => names[depth] === name)) ?? -1;
  if (array >= 0) return { names, start: path.length + 1 + array, from: arrays![array]!.length };
  let common = 0;
  while (common < path.length && path[common] === names[common]) common++;
  const isInMember = isMembers === true && common === path.length;
  return { names, start: isInMember ? common + 1 : common, from: common };
}

export function findIn(chain: Chain, { names, start, from, others }: ItemPath): unknown {
  const found = find(chain[start], names, from);
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

const mostNames = 5;
const longestName = 32;

/** Says what is where a path ends too early, and which setting leads on; empty if nothing is known. */
export function pathHint(chain: Chain, { names, start, from }: ItemPath): string {
  let found = chain[start];
  let depth = from;
  for (; depth < names.length; depth++) {
    if (typeof found !== "object" || found === null || Array.isArray(found)) break;
    if (!Object.hasOwn(found, names[depth]!)) break;
    found = (found as Readonly<Record<string, unknown>>)[names[depth]!];
  }
  if (depth === names.length) return "";
  const at = names.slice(0, depth);
  const where = at.length === 0 ? "" : ` at ${pathText(at)}`;
  const setting = JSON.stringify(at.some((name) => name.includes(".")) ? { path: at } : at.join("."));
  if (typeof found === "string" && /^\s{0,16}[{[]/.test(found)) {
    return `; the text${where} looks like JSON: decode.jsonInText: [${setting}] reads it`;
  }
  if (Array.isArray(found))
    return `; an array is${where || " there"}: decode.each: ${setting} reads its items`;
  // The items of a record may share one object: its names are told for whole records alone, so that the work stays linear.
  if (typeof found !== "object" || found === null || chain.length > 1) return "";
  const fields = Object.keys(found);
  if (fields.length === 0) return "";
  const told = fields
    .slice(0, mostNames)
    .map((name) => (name.length > longestName ? `${name.slice(0, longestName)}…` : name));
  return `; the fields${where} are ${told.join(", ")}${fields.length > mostNames ? ", …" : ""}`;
}

/** How messages call a path. */
export function fieldText({ names, others = [] }: ItemPath): string {
  return [names, ...others.map((other) => other.names)].map(pathText).join(" or ");
}

/** The text of the last header of a name; undefined if there is none, or it is not UTF-8. */
export function headerText({ headers }: InputRecord, name: string): string | undefined {
  const bytes = headers.findLast((header) => header.name === name)?.value;
  return bytes === undefined || !isUtf8(bytes) ? undefined : decodeText(bytes);
}

export function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
