/** Brings documents into the form that settings read them in: JSON in texts, tables, arrays beside one another, maps, old names. */
import { find } from "../../pipeline/decode/document.js";
import { jsonTextReader } from "../../pipeline/decode/formats/json-in-text.js";
import { parseJsonText } from "../../pipeline/decode/formats/json-text.js";
import { replaceAt } from "../../pipeline/decode/formats/replace.js";
import { columnName } from "../../pipeline/decode/items.js";
import { UndercurrentError } from "../../errors/errors.js";
import { areSiblings, asPath, isChild } from "./paths.js";
import { aliasesIn, withFirstOf, type Alias } from "./renamed.js";
import type { Decode, Document } from "./shapes.js";

/** Documents in another form, and the settings that read them so. */
export interface Reshaped {
  readonly documents: readonly Document[];
  /** Settings that hold whatever else is found. */
  readonly decode: Decode;
  readonly notes: readonly string[];
  /** Array that most likely holds the readings. */
  readonly array?: string;
  /** Completes settings that were found in the documents as they are now. */
  readonly complete: (decode: Decode) => Decode;
}

/** Bounds of what is looked at, for hostile documents. */
const [deepest, mostPaths, mostItems, mostColumns] = [8, 2000, 20, 64];

export function reshape(given: readonly Document[]): Reshaped {
  const decode: Decode = {};
  const notes: string[] = [];
  let documents = given;
  const texts = jsonTextsIn(documents);
  if (texts.length > 0) {
    const read = jsonTextReader({ jsonInText: texts.map(asPath), absent: "reject" })!;
    documents = documents.flatMap(({ record, document }) =>
      readable(() => ({ record, document: read(document) })),
    );
    decode["jsonInText"] = texts.map(asPath);
    const names = texts.map((names) => (names.length === 0 ? "the values themselves" : names.join(".")));
    const others = given.length - documents.length;
    if (others > 0) decode["absent"] = "skip";
    const rest = others > 0 ? `; ${others} of ${given.length} texts are not JSON and are skipped` : "";
    notes.push(`JSON in texts: ${names.join(", ")}${rest}.`);
  }
  const seen = new Seen(documents);
  const table = tableIn(seen);
  if (table !== undefined) {
    replaceRows(documents, table);
    if (table.columns !== undefined) decode["columns"] = asPath(table.columns);
    const told =
      table.columns === undefined
        ? "cells are named by their numbers"
        : `${table.columns.join(".")} names their cells`;
    notes.push(`Rows: ${table.path.join(".") || "the document"}, whose items are lists; ${told}.`);
    return { documents, decode, notes, array: table.path.join("."), complete: same };
  }
  const beside = besideIn(seen);
  if (beside !== undefined) {
    notes.push(`Arrays beside one another: ${beside.map((names) => names.join(".")).join(", ")}.`);
    return {
      documents: exploded(documents, beside),
      decode,
      notes,
      complete: (found) => ({ ...found, each: beside.map(asPath) }),
    };
  }
  const map = mapIn(seen);
  if (map !== undefined) {
    for (const { document } of documents) {
      replaceAt({ "": document }, ["", ...map], (found) => (isObject(found) ? Object.values(found) : found));
    }
    const path = asPath(map);
    notes.push(`Things: the members of ${map.join(".")}, each under its name.`);
    return { documents, decode, notes, array: map.join("."), complete: (found) => ofMembers(found, path) };
  }
  const aliases = aliasesIn(documents, seen.fields);
  if (aliases.length === 0) return { documents, decode, notes, complete: same };
  notes.push(...aliases.map(aliasNote));
  return { documents, decode, notes, complete: (found) => withFirstOf(found, aliases) };
}

const same = (decode: Decode): Decode => decode;

function aliasNote({ names, old }: Alias): string {
  return `Another name: records have ${names.join(".")} or ${old.join(".")}, never both.`;
}

/** The settings of items that are members, whose name is a part of the key. */
function ofMembers(found: Decode, path: unknown): Decode {
  if (found["each"] === undefined) return found;
  const { key } = found;
  const member = { member: "name" };
  const isNone = key === undefined || (typeof key === "object" && key !== null && "const" in key);
  const parts = isNone ? [] : [key].flat();
  return {
    ...found,
    each: { members: path },
    key: parts.length === 0 ? member : [...parts, member].slice(-16),
  };
}

function readable<T>(read: () => T): readonly T[] {
  try {
    return [read()];
  } catch (error) {
    if (error instanceof UndercurrentError) return [];
    throw error;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}

interface SeenField {
  readonly names: readonly string[];
  present: number;
  texts: number;
  numbers: number;
  /** Texts that are JSON objects or arrays. */
  json: number;
  objects: number;
  /** Arrays of lists of one length, and arrays of plain values. */
  tables: number;
  lists: number;
  numberLists: number;
}

/** What is at the paths of documents; paths lead through arrays. */
class Seen {
  readonly fields = new Map<string, SeenField>();

  constructor(readonly documents: readonly Document[]) {
    for (const { document } of documents) this.#visit(document, []);
  }

  #visit(value: unknown, names: readonly string[]): void {
    if (names.length > deepest) return;
    const field = this.#fieldOf(names);
    if (field === undefined) return;
    field.present++;
    if (typeof value === "number") field.numbers++;
    else if (typeof value === "string") {
      field.texts++;
      if (isJson(value)) field.json++;
    } else if (Array.isArray(value)) this.#visitArray(value as readonly unknown[], names, field);
    else if (isObject(value)) {
      field.objects++;
      for (const [name, member] of Object.entries(value).slice(0, 200)) this.#visit(member, [...names, name]);
    }
  }

  #visitArray(list: readonly unknown[], names: readonly string[], field: SeenField): void {
    const items = list.slice(0, mostItems);
    const [first] = items;
    if (items.length > 0 && items.every((item) => isRow(item) && item.length === (first as unknown[]).length))
      field.tables++;
    else if (items.length > 0 && items.every((item) => !isObject(item) && !Array.isArray(item))) {
      field.lists++;
      if (items.every((item) => typeof item === "number" || item === null)) field.numberLists++;
    }
    for (const item of items)
      if (isObject(item))
        for (const [name, member] of Object.entries(item).slice(0, 200))
          this.#visit(member, [...names, name]);
  }

  #fieldOf(names: readonly string[]): SeenField | undefined {
    const id = JSON.stringify(names);
    const known = this.fields.get(id);
    const isUsable = id.length <= 256 && !names.includes("__proto__") && !names.includes("");
    if (known !== undefined || !isUsable || this.fields.size >= mostPaths) return known;
    const field = {
      names,
      present: 0,
      texts: 0,
      numbers: 0,
      json: 0,
      objects: 0,
      tables: 0,
      lists: 0,
      numberLists: 0,
    };
    this.fields.set(id, field);
    return field;
  }
}

function isRow(item: unknown): item is readonly unknown[] {
  return (
    Array.isArray(item) &&
    item.length > 1 &&
    item.length <= mostColumns &&
    item.every((cell) => typeof cell !== "object" || cell === null)
  );
}

function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text.slice(0, 16))) return false;
  try {
    return typeof parseJsonText(text) === "object";
  } catch {
    return false;
  }
}

/** Share of what is at a path that must look alike. */
const most = 0.5;

/** Texts of which most are JSON, outermost first, also those in such texts. */
function jsonTextsIn(documents: readonly Document[]): readonly (readonly string[])[] {
  const { fields } = new Seen(documents);
  return [...fields.values()]
    .filter(({ json, present }) => json > 0 && json >= most * present)
    .map(({ names }) => names)
    .sort((a, b) => a.length - b.length)
    .slice(0, 4);
}

interface Table {
  readonly path: readonly string[];
  /** Path of the names; undefined if there are none. */
  readonly columns: readonly string[] | undefined;
}

function tableIn({ fields, documents }: Seen): Table | undefined {
  const found = [...fields.values()].find(({ tables, present }) => tables > 0 && tables >= 0.9 * present);
  if (found === undefined) return undefined;
  const { names: path } = found;
  const beside = [...fields.values()].filter(({ names }) => names !== path && areSiblings(names, path));
  const columns = beside.find(({ names }) =>
    documents.some(({ document }) => isNames(document, names, path)),
  );
  return { path, columns: columns?.names };
}

/** Whether names of the cells of a row are at a path: texts, or objects with a name. */
function isNames(document: unknown, names: readonly string[], path: readonly string[]): boolean {
  const around = firstAt(document, names.slice(0, -1));
  const list = find(around, names.slice(-1));
  const rows = find(around, path.slice(-1));
  const width = Array.isArray(rows) && Array.isArray(rows[0]) ? rows[0].length : -1;
  return columnNames(list)?.length === width;
}

function firstAt(document: unknown, names: readonly string[]): unknown {
  let found = document;
  for (const name of names) {
    if (Array.isArray(found)) found = found[0];
    found = find(found, [name]);
  }
  return Array.isArray(found) ? (found as readonly unknown[])[0] : found;
}

function columnNames(list: unknown): readonly string[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const names = (list as readonly unknown[]).map(columnName);
  return names.every((name) => typeof name === "string") ? names : undefined;
}

/** Makes rows objects, by the names of their cells or by their numbers. */
function replaceRows(documents: readonly Document[], { path, columns }: Table): void {
  const around = path.slice(0, -1);
  const replace = (within: unknown): unknown => {
    if (!isObject(within)) return within;
    const names = columns === undefined ? undefined : columnNames(find(within, columns.slice(-1)));
    const rows = find(within, path.slice(-1));
    if (!Array.isArray(rows)) return within;
    const named = rows.map((row: unknown) =>
      Array.isArray(row)
        ? Object.fromEntries(row.map((cell: unknown, i) => [names?.[i] ?? String(i), cell]))
        : row,
    );
    (within as Record<string, unknown>)[path.at(-1)!] = named;
    return within;
  };
  for (const { document } of documents) replaceAt({ "": document }, ["", ...around], replace);
}

/** Paths of at least two arrays of plain values in one object, of which one holds numbers; undefined without. */
function besideIn({ fields, documents }: Seen): readonly (readonly string[])[] | undefined {
  const lists = [...fields.values()].filter(
    ({ lists: count, present }) => count > 0 && count >= 0.9 * present,
  );
  for (const { names } of lists.filter(({ numberLists, present }) => numberLists >= 0.9 * present)) {
    const paths = lists
      .map((field) => field.names)
      .filter((other) => areSiblings(other, names))
      .slice(0, 64);
    const isAlike = ({ document }: Document): boolean => {
      const sizes = new Set(
        paths.map((path) => (find(document, path) as readonly unknown[] | undefined)?.length),
      );
      return sizes.size === 1 && !sizes.has(undefined);
    };
    if (paths.length > 1 && documents.filter(isAlike).length > 0.9 * documents.length) return paths;
  }
  return undefined;
}

/** One document for each item of the arrays, in which the item stands in place of the array. */
function exploded(
  documents: readonly Document[],
  paths: readonly (readonly string[])[],
): readonly Document[] {
  return documents.flatMap(({ record, document }) => {
    const count = (find(document, paths[0]!) as readonly unknown[] | undefined)?.length ?? 0;
    return Array.from({ length: Math.min(count, mostItems) }, (_, i) => {
      const copy = structuredClone(document);
      for (const path of paths) {
        const around = find(copy, path.slice(0, -1));
        const list: unknown = find(copy, path);
        if (isObject(around) && Array.isArray(list))
          (around as Record<string, unknown>)[path.at(-1)!] = list[i];
      }
      return { record, document: copy };
    });
  });
}

/** Path of an object whose members are objects with the same numbers, under two names at least; undefined without. */
function mapIn({ fields, documents }: Seen): readonly string[] | undefined {
  const all = [...fields.values()];
  return all.find(({ names, objects, present }) => {
    if (names.length === 0 || objects < present) return false;
    const members = all.filter((other) => isChild(other.names, names));
    if (members.length < 2 || !members.every((member) => member.objects === member.present)) return false;
    const fieldsOf = members.map((member) =>
      all
        .filter((other) => isChild(other.names, member.names))
        .map((other) => other.names.at(-1)!)
        .sort()
        .join("\0"),
    );
    const hasNumbers = members.every((member) =>
      all.some((other) => other.numbers > 0 && isChild(other.names, member.names)),
    );
    return hasNumbers && fieldsOf.every((text) => text === fieldsOf[0]) && documents.length > 1;
  })?.names;
}
