/** Walks through the items of a record: those of an array, of arrays beside one another, or the members of an object. */
import { UndercurrentError } from "../../errors/errors.js";
import { isPath, pathNames, type DecodeSettings } from "../decode-settings.js";
import { find, findIn, itemPath, pathText, type Chain, type ItemPath, type Items } from "./document.js";

/** Calls `visit` with the chain of each item, which is reused; returns whether there was an array or an object of items. */
export type VisitItems = (document: unknown, visit: (chain: Chain) => void) => boolean;

/** Returns where the items of a record are; undefined if a record is one item. */
export function itemsOf({ format, each }: Pick<DecodeSettings, "format" | "each">): Items | undefined {
  // A function gives a list of readings.
  if (format === "module") return { path: [] };
  if (each === undefined) return undefined;
  if (isPath(each)) return { path: pathNames(each) };
  if ("members" in each) return { path: pathNames(each.members), isMembers: true };
  const arrays = each.map(pathNames);
  const [first, ...others] = arrays;
  const isShared = (name: string, depth: number): boolean => others.every((names) => names[depth] === name);
  const end = first!.findIndex((name, depth) => depth === first!.length - 1 || !isShared(name, depth));
  return { path: first!.slice(0, Math.max(0, end)), arrays };
}

/** Returns the walk through the items that the settings name. */
export function itemVisitor(settings: Pick<DecodeSettings, "format" | "columns">, items: Items): VisitItems {
  const { path, arrays, isMembers } = items;
  if (arrays !== undefined) return (document, visit) => visitBeside(document, path, arrays, visit);
  if (isMembers === true) return (document, visit) => visitMembers(document, path, visit);
  const { columns } = settings;
  if (columns === undefined || settings.format === "module")
    return (document, visit) => visitArray(document, path, visit);
  const namesOf = columnNames(columns, items);
  return (document, visit) =>
    visitArray(document, path, (chain) => {
      chain[path.length] = rowOf(chain[path.length], namesOf, chain);
      visit(chain);
    });
}

/** Arrays on the way are walked too, but no array that is itself an item of one. */
function visitArray(document: unknown, path: readonly string[], visit: (chain: unknown[]) => void): boolean {
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

/** Behind the object around them, the chain holds the items of one number of all arrays. */
function visitBeside(
  document: unknown,
  path: readonly string[],
  arrays: readonly (readonly string[])[],
  visit: (chain: Chain) => void,
): boolean {
  let isList = false;
  visitArray(document, path, (chain) => {
    const lists = arrays.map((names) => listAt(chain[path.length], names, path.length));
    const sizes = new Set(lists.flatMap((list) => (list === undefined ? [] : [list.length])));
    const [size] = sizes;
    if (size === undefined) return;
    if (sizes.size > 1) {
      const told = lists.map((list, k) => `${pathText(arrays[k]!)} has ${list?.length ?? 0}`).join(", ");
      throw unreadable(`the arrays of decode.each have different numbers of items: ${told}`);
    }
    isList = true;
    for (let item = 0; item < size; item++) {
      for (let k = 0; k < lists.length; k++) chain[path.length + 1 + k] = lists[k]?.[item];
      visit(chain);
    }
  });
  return isList;
}

function listAt(within: unknown, names: readonly string[], from: number): readonly unknown[] | undefined {
  const found = find(within, names, from);
  if (found === undefined || found === null) return undefined;
  if (Array.isArray(found)) return found as readonly unknown[];
  throw unreadable(`no array is at the path ${pathText(names)} (decode.each)`);
}

/** Behind the object, the chain holds a member and its name. */
function visitMembers(document: unknown, path: readonly string[], visit: (chain: Chain) => void): boolean {
  let isObject = false;
  visitArray(document, path, (chain) => {
    const within = chain[path.length];
    if (typeof within !== "object" || within === null) return;
    isObject = true;
    for (const [name, member] of Object.entries(within)) {
      chain[path.length + 1] = member;
      chain[path.length + 2] = name;
      visit(chain);
    }
  });
  return isObject;
}

type ColumnNames = (chain: Chain) => readonly string[];

function columnNames(columns: NonNullable<DecodeSettings["columns"]>, items: Items): ColumnNames {
  if (Array.isArray(columns)) return () => columns;
  const path = itemPath(pathNames(columns), items);
  // The rows of one table share its names: they are read once, so that the work stays linear.
  let last: unknown;
  let names: readonly string[] = [];
  return (chain) => {
    const found = findIn(chain, path);
    if (found !== last || last === undefined) names = namesIn(found, path);
    last = found;
    return names;
  };
}

/** The name of a column: a text, or that of an object, as databases describe columns. No text if there is none. */
export function columnName(column: unknown): unknown {
  return typeof column === "string" ? column : find(column, ["name"]);
}

function namesIn(found: unknown, { names }: ItemPath): readonly string[] {
  const list = Array.isArray(found) ? (found as readonly unknown[]) : [undefined];
  return list.map((column) => {
    const name = columnName(column);
    if (typeof name === "string") return name;
    throw unreadable(`no list of names is at the path ${pathText(names)} (decode.columns)`);
  });
}

/** Returns the cells of a row by the names of their columns; an item that is no list as it is. */
function rowOf(item: unknown, namesOf: ColumnNames, chain: Chain): unknown {
  if (!Array.isArray(item)) return item;
  const names = namesOf(chain);
  if (item.length === names.length) return Object.fromEntries(names.map((name, i) => [name, item[i]]));
  throw unreadable(`a row has ${item.length} items, expected ${names.length} (decode.columns)`);
}

function unreadable(message: string): UndercurrentError {
  return new UndercurrentError("RECORD_UNREADABLE", message);
}
