/** Reads the key of a series from its parts. */
import { isUtf8 } from "node:buffer";
import { UndercurrentError } from "../../errors/errors.js";
import { readKey } from "../../forecast/input.js";
import { escapeKeyPart, keyParts, pathNames, type DecodeSettings, type KeyPart } from "../decode-settings.js";
import type { InputRecord } from "../ports.js";
import {
  decodeText,
  fieldPath,
  fieldText,
  find,
  findIn,
  headerText,
  itemPath,
  pathHint,
  pathText,
  type Chain,
  type ItemPath,
  type Items,
} from "./document.js";
import type { ValueFormat } from "./format.js";
import { connectPayload } from "./formats/connect-json.js";
import { parseJsonText } from "./formats/json-text.js";
import { itemsOf } from "./items.js";
import { binaryKeyHint, binaryKeys, plainKeyReader } from "./record-key.js";

export type KeyReader = (record: InputRecord, chain: Chain) => string;

/**
 * Returns a reader of keys. A key of one part is that part. Several parts are escaped and joined with slashes, so that two
 * different lists of parts never give the same key; so is a key that a series' name follows. Throws KEY_INVALID.
 */
export function keyReader(settings: DecodeSettings, format?: ValueFormat): KeyReader {
  const items = itemsOf(settings);
  const documentOf = keyDocuments(settings, format);
  const parts = keyParts(settings).map((part) =>
    typeof part === "object" && "record" in part && documentOf !== undefined
      ? keyFieldReader(documentOf, pathNames(part.path ?? ""))
      : partReader(part, items, settings),
  );
  if (settings.format === "module" && settings.key === undefined) parts[0] = ownOr(parts[0]!, items);
  if (parts.length === 1) {
    const [only] = parts;
    return settings.series === undefined ? only! : (record, chain) => escapeKeyPart(only!(record, chain));
  }
  return (record, chain) => parts.map((part) => escapeKeyPart(part(record, chain))).join("/");
}

function partReader(part: KeyPart, items: Items | undefined, settings: DecodeSettings): KeyReader {
  if (typeof part === "object") {
    if ("const" in part) return () => part.const;
    if ("record" in part) return textKeyReader(settings);
    if ("header" in part) return (record) => headerKey(record, part.header);
    if ("member" in part) return memberReader(items!);
    if ("labels" in part) return labelsReader(pathNames(part.labels), items);
  }
  const path = fieldPath(part, items);
  return (_, chain) => documentKey(findIn(chain, path), path, chain);
}

/** Reads the name of the member that an item is. */
function memberReader({ path }: Items): KeyReader {
  return (_, chain) => readKey(chain[path.length + 2]);
}

/** Reads the field `key` of a reading that a function gave, or the record's key if there is none. */
function ownOr(other: KeyReader, items: Items | undefined): KeyReader {
  const path = itemPath(["key"], items);
  return (record, chain) => {
    const found = findIn(chain, path);
    return found === undefined ? other(record, chain) : documentKey(found, path);
  };
}

type KeyDocuments = (record: InputRecord) => unknown;

/** Returns the parser of records' keys; undefined for keys that are text. The items of one record share its document. */
function keyDocuments(
  { keyFormat, keyWindow }: DecodeSettings,
  format: ValueFormat | undefined,
): KeyDocuments | undefined {
  if (keyFormat === "text") return undefined;
  const parse = plainKeys[keyFormat] ?? format?.parseKey?.bind(format);
  if (parse === undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `decode.keyFormat: ${keyFormat} needs the option \`format\`, from openFormat of undercurrent-forecast/schemas`,
    );
  }
  const plainKey = plainKeyReader({ keyWindow });
  let last: InputRecord | undefined;
  let document: unknown;
  return (record) => {
    if (record === last) return document;
    const key = plainKey(record);
    document = keyFaults(() => parse(key));
    last = record;
    return document;
  };
}

/** Parsers of keys that need no schema. */
const plainKeys: Readonly<Record<string, ((key: Uint8Array) => unknown) | undefined>> = {
  json: jsonKey,
  "connect-json": (key) => connectPayload(jsonKey(key)),
  ...binaryKeys,
};

/** A key that cannot be read is a fault of the key. */
function keyFaults(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof UndercurrentError) || error.code !== "RECORD_UNREADABLE") throw error;
    const message = error.message.replace("the record's value", "the record's key");
    throw new UndercurrentError("KEY_INVALID", message, { cause: error });
  }
}

function jsonKey(key: Uint8Array): unknown {
  try {
    if (isUtf8(key)) return parseJsonText(decodeText(key));
  } catch {
    // Told below.
  }
  throw new UndercurrentError("KEY_INVALID", "the record's key is not JSON (decode.keyFormat)");
}

/** Reads a field of the record's key, or the key itself. */
function keyFieldReader(documentOf: KeyDocuments, names: readonly string[]): KeyReader {
  return (record) => {
    const document = documentOf(record);
    const found = find(document, names);
    if (typeof found === "object" && found !== null) {
      const fields = Object.keys(found).slice(0, 5).join(", ");
      throw new UndercurrentError(
        "KEY_INVALID",
        `the record's key has fields (${fields}): name one in decode.key as {record: key, path: …}`,
      );
    }
    return documentKey(found, { names, start: 0, from: 0 });
  };
}

/** Reads the record's key as UTF-8 text. */
function textKeyReader(settings: DecodeSettings): KeyReader {
  const plainKey = plainKeyReader(settings);
  return (record) => {
    const key = plainKey(record);
    // Two keys that are not UTF-8 could become the same text.
    if (!isUtf8(key)) {
      throw new UndercurrentError("KEY_INVALID", `the record's key is not UTF-8 text${binaryKeyHint(key)}`);
    }
    return readKey(decodeText(key));
  };
}

function headerKey(record: InputRecord, name: string): string {
  const text = headerText(record, name);
  if (text !== undefined) return readKey(text);
  const header = JSON.stringify(name);
  throw new UndercurrentError("KEY_INVALID", `the record has no header ${header} of UTF-8 text`);
}

function documentKey(found: unknown, path: ItemPath, chain: Chain = []): string {
  if (typeof found === "number" && Number.isInteger(found) && !Number.isSafeInteger(found)) {
    throw new UndercurrentError(
      "KEY_INVALID",
      "the key is an integer beyond 2^53, which JSON cannot hold exactly; use a string",
    );
  }
  if (found === undefined) {
    throw new UndercurrentError(
      "KEY_INVALID",
      `the key is missing: nothing is at the path ${fieldText(path)} (decode.key)${pathHint(chain, path)}`,
    );
  }
  return readKey(found);
}

/** Most members of an object of labels. */
const mostLabels = 64;

/** All members of an object in the order of their names: name=value, with commas between them. */
function labelsReader(names: readonly string[], items: Items | undefined): KeyReader {
  const path = itemPath(names, items);
  // The items of an array may share one object: its text is made once, so that the work stays linear.
  let last: object | undefined;
  let text: string | undefined;
  return (_, chain) => {
    const labels = findIn(chain, path);
    if (typeof labels !== "object" || labels === null || Array.isArray(labels)) {
      throw new UndercurrentError("KEY_INVALID", `no object of labels is at the path ${pathText(names)}`);
    }
    if (labels !== last) {
      last = labels;
      text = labelsText(labels as Readonly<Record<string, unknown>>);
    }
    if (text !== undefined) return readKey(text);
    throw new UndercurrentError(
      "KEY_INVALID",
      `the labels at the path ${pathText(names)} are not 1 to ${mostLabels} texts, numbers or booleans`,
    );
  };
}

function labelsText(labels: Readonly<Record<string, unknown>>): string | undefined {
  const names = Object.keys(labels);
  if (names.length === 0 || names.length > mostLabels) return undefined;
  const members = names.sort().map((name) => {
    const value = labels[name];
    const isText = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return isText ? `${escapeLabel(name)}=${escapeLabel(String(value))}` : undefined;
  });
  return members.includes(undefined) ? undefined : members.join(",");
}

function escapeLabel(text: string): string {
  return text.replaceAll("~", "~0").replaceAll(",", "~2").replaceAll("=", "~3");
}
