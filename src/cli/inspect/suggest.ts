/** Suggests settings for the records of a topic, and says what they were chosen by. */
import { isUtf8 } from "node:buffer";
import { parseIsoTime } from "../../forecast/iso-time.js";
import { decodeText } from "../../pipeline/decode/document.js";
import { isLikelyMissing, unitRemover } from "../../pipeline/decode/number-text.js";
import { binaryKeys, likelyWindow, plainKeyReader, windowTime } from "../../pipeline/decode/record-key.js";
import type { InputRecord } from "../../pipeline/ports.js";
import { isOrderUnclear, likelyFormat } from "../../pipeline/times/guess.js";
import { Fields, type Field } from "./fields.js";
import { recordsPerSecond, windowFor, type Placed } from "./rates.js";
import {
  arrayOf,
  arraysAround,
  currentMeasures,
  isConstant,
  keysIn,
  measureNamesIn,
  measuresIn,
  splitTimeIn,
  timesIn,
  type SplitTime,
} from "./roles.js";
import { connectPayload, isEnvelope } from "../../pipeline/decode/formats/connect-json.js";
import { decimalsReader, isBase64 } from "../../pipeline/decode/formats/decimal.js";
import type { DecodeSettings } from "../../pipeline/decode-settings.js";
import { asPath } from "./paths.js";
import { reshape } from "./reshape.js";
import { shapeOf, type Decode, type Document, type Shape } from "./shapes.js";
import { headerTime, kindsIn, wordsFor, wordsIn } from "./extras.js";
import { parsed } from "./values.js";

export interface Suggestion {
  readonly decode: Decode;
  readonly aggregate?: Readonly<Record<string, unknown>>;
  /** What was seen, one line each. */
  readonly notes: readonly string[];
}

/** Most series that the settings name. */
const mostSeries = 64;

/** Returns settings for records whose values are numbers. */
export function suggestForNumbers(placed: readonly Placed[], name: string): Suggestion {
  const own = recordKeyOf(placed.map(([, record]) => record));
  const { parts, note } = own;
  const isOwn = parts.length === 1 && parts[0] === ownPart;
  const key = isOwn ? {} : { key: keyOfParts(parts.length === 0 ? [{ const: "all" }] : parts) };
  const time = own.window === undefined ? "the record's timestamp" : windowTimeText(own.window);
  const notes = [note, `Time: ${time}.`, "Value: the number of the record."];
  const decode = { format: name, ...ownFormat(own), ...key, ...windowTimeOf(own) };
  return { decode: { ...decode, ...tombstonesOf(placed, notes) }, ...updatesOf(own, notes), notes };
}

/** The setting of a key of one part or of several. */
function keyOfParts(parts: readonly unknown[]): unknown {
  return parts.length === 1 ? parts[0] : parts;
}

/** Skips records without a value, where there are any. */
function tombstonesOf(placed: readonly Placed[], notes: string[]): Decode {
  const count = placed.filter(([, { value }]) => value === null).length;
  if (count === 0) return {};
  notes.push(`${count} of ${placed.length} records have no value: they are skipped and counted.`);
  return { tombstones: "skip" };
}

const noKey = "Key: none found. All records are one series.";

const withComma = /^[+-]?\d+,\d+$/;
const delimiters = [";", ",", "\t", "|"];
/** Most columns of a line. */
const mostColumns = 256;

/** Returns settings for lines of text; undefined unless all have the same number of columns. */
export function suggestForLines(placed: readonly Placed[]): Suggestion | undefined {
  const lines = placed.flatMap(([, record]) =>
    record.value === null || !isUtf8(record.value) ? [] : [{ record, text: decodeText(record.value) }],
  );
  const widthsBy = (delimiter: string): Set<number> =>
    new Set(lines.map(({ text }) => text.split(delimiter).length));
  const delimiter = delimiters.find((one) => {
    const [width, ...others] = widthsBy(one);
    return others.length === 0 && width! > 1 && width! <= mostColumns;
  });
  if (delimiter === undefined) return undefined;
  const [width] = widthsBy(delimiter);
  const columns = Array.from({ length: width! }, (_, i) => `column${i + 1}`);
  const cellsOf = ({ text }: { readonly text: string }): string[] =>
    text.split(delimiter).map((cell) => cell.trim());
  const hasComma = columns.some(
    (_, i) => lines.filter((line) => withComma.test(cellsOf(line)[i]!)).length > 0.9 * lines.length,
  );
  const documents = lines.map((line): Document => {
    const cells = cellsOf(line).map((cell) =>
      hasComma && withComma.test(cell) ? cell.replace(",", ".") : cell,
    );
    return {
      record: line.record,
      document: Object.fromEntries(columns.map((name, i) => [name, cells[i]])),
    };
  });
  const { decode: found, ...rest } = suggestForDocuments(placed, documents);
  const decode: Decode = { ...found, ...(hasComma && { decimal: "," }) };
  const { numbersInText: _, ...others } = decode;
  const read = [decode["time"]].flat();
  const unread = columns.filter((name) => !read.includes(name));
  const notes = [...rest.notes, ...unread.flatMap((name) => unreadNote(name, documents))];
  return { decode: { format: "text", columns, delimiter, ...others }, ...rest, notes };
}

/** Says what a column holds that its settings do not read, or only with a format. */
function unreadNote(name: string, documents: readonly Document[]): readonly string[] {
  const cells = documents.map(({ document }) => (document as Record<string, string>)[name]!);
  const most = (pattern: RegExp): boolean =>
    cells.filter((cell) => pattern.test(cell)).length > 0.9 * cells.length;
  if (most(/^\d{1,2}\.\d{1,2}\.\d{4}\b/) || most(/^\d{1,2}\/\d{1,2}\/\d{4}\b/)) {
    return [
      `${name} looks like times: give decode.time and decode.timeFormat, such as d.M.yyyy HH:mm, for ${short(cells[0]!)}.`,
    ];
  }
  return [];
}

/** Returns settings for documents. */
export function suggestForDocuments(placed: readonly Placed[], given: readonly Document[]): Suggestion {
  const { documents, decode: reshaped, notes: shapeNotes, array, complete } = reshape(given);
  const fields = fieldsOf(documents);
  const records = placed.map(([, record]) => record);
  const isKnown = shapeOf(fields, records).title !== undefined;
  const kinds = isKnown ? undefined : kindsIn(documents, fields);
  const chosen = kinds === undefined ? documents : documents.filter(kinds.isChosen);
  const found = suggestFor(placed, chosen, array);
  const decode = complete({ ...reshaped, ...found.decode, ...kinds?.decode });
  return {
    ...found,
    decode,
    notes: [...shapeNotes, ...(kinds === undefined ? [] : [kinds.note]), ...found.notes],
  };
}

/** Returns settings for documents in the form that settings read. */
function suggestFor(
  placed: readonly Placed[],
  documents: readonly Document[],
  likelyArray: string | undefined,
): Suggestion {
  const decimals = decimalsIn(fieldsOf(documents));
  const readDecimals = decimalsReader({ decimals });
  for (const { document } of documents) readDecimals?.(document);
  const encoded = fieldsOf(documents)
    .list()
    .find(({ values }) => values.size > 0 && [...values].every(isJsonInBase64));
  const units = unitsIn(fieldsOf(documents));
  const fields = fieldsOf(documents, units);
  const records = placed.map(([, record]) => record);
  const shape = shapeOf(fields, records);
  const array = arrayOf(fields, shape, likelyArray);
  const notes: string[] = shape.title === undefined ? [] : [`Shape: ${shape.title}.`];
  const decode: Decode = decimals.length === 0 ? {} : { decimals };
  if (decimals.length > 0) notes.push(decimalsNote(decimals));
  if (encoded !== undefined) {
    notes.push(
      `${encoded.path} is JSON in base64, which no setting reads: a function does (decode.module), see docs/topics.md.`,
    );
  }
  if (array !== undefined) {
    decode["each"] = array === "" ? "" : asPath(fields.at(array)?.names ?? array.split("."));
    notes.push(
      `Items: the array ${array === "" ? "itself" : array}, with ${fields.countOf(array)} items in the sample.`,
    );
  }
  const own = recordKeyOf(records);
  Object.assign(decode, keyOf(fields, { shape, array, own, documents }, notes));
  const isWindowed = own.window !== undefined && "keyWindow" in decode;
  if (isWindowed) notes.push(`Time: ${windowTimeText(own.window)}.`);
  Object.assign(decode, isWindowed ? windowTimeOf(own) : timeOf(fields, { shape, array, records }, notes));
  const measures = measuresOf(fields, { shape, array, units }, notes) ?? wordMeasuresOf(fields, array, notes);
  Object.assign(decode, tombstonesOf(placed, notes), measures, {
    ...shape.decode,
    ...("key" in decode && { key: decode["key"] }),
  });
  if (measures !== undefined || "series" in shape.decode)
    return { decode, ...(isWindowed && updatesOf(own, notes)), notes };
  const keys = keysSeen(fields, array, records);
  const every = windowFor(recordsPerSecond(placed), keys);
  notes.push(`Measures: none. Events are counted in windows of ${every}.`);
  return { decode, aggregate: { every, by: "count" }, notes };
}

function fieldsOf(documents: readonly Document[], units: readonly string[] = []): Fields {
  const fields = new Fields(units.length === 0 ? undefined : unitRemover(units));
  for (const { record, document } of documents) fields.add(document, record.timestamp);
  return fields;
}

/** Returns the units that all numbers in the texts of a field have. */
function unitsIn(fields: Fields): readonly string[] {
  const units = fields.list().flatMap((field) => {
    const found = [...field.values].map((text) => unitOf(text));
    const [unit] = found;
    const isOne = unit !== undefined && found.every((other) => other === unit);
    return isOne && field.texts > 0.9 * field.present && found.length > 1 ? [unit] : [];
  });
  return [...new Set(units)];
}

/** Whether a text is a JSON object in base64. */
function isJsonInBase64(text: string): boolean {
  if (!/^(ey|ew)/.test(text) || !isBase64(text)) return false;
  return typeof parsed(Buffer.from(text, "base64")) === "object";
}

/** The unit behind a number; undefined for other texts. */
function unitOf(text: string): string | undefined {
  const unit = /^\s*[+-]?\d+(?:\.\d+)?\s*(\S{1,8})\s*$/u.exec(text)?.[1];
  return unit !== undefined && /^[%‰°\p{Sc}\p{L}](?:[^\d"',;\\]*)$/u.test(unit) ? unit : undefined;
}

/** The scale of most amounts of money. */
const likelyScale = 2;

/** Returns the fields that look like decimals in base64, and objects of such a text and its scale. */
function decimalsIn(fields: Fields): DecodeSettings["decimals"] {
  const isDecimal = (field: Field | undefined): boolean =>
    field !== undefined &&
    ![...field.values].some(isJsonInBase64) &&
    field.decimals === field.texts &&
    field.padded > 0 &&
    field.values.size > 1;
  return fields.list().flatMap((field): DecodeSettings["decimals"] => {
    const { names, path, objects, present } = field;
    const scale = fields.at(`${path}.scale`);
    if (objects > 0 && scale?.integers === objects && isDecimal(fields.at(`${path}.value`)))
      return [{ field: asPath(names) }];
    const isOfScale =
      names.at(-1) === "value" && fields.at([...names.slice(0, -1), "scale"].join(".")) !== undefined;
    const isMost = field.texts > 0.9 * present;
    return isMost && isDecimal(field) && !isOfScale ? [{ field: asPath(names), scale: likelyScale }] : [];
  });
}

function decimalsNote(decimals: DecodeSettings["decimals"]): string {
  const names = decimals.map(({ field }) => (typeof field === "string" ? field : field.path.join(".")));
  const isGuess = decimals.some(({ scale }) => scale !== undefined);
  const guess = `; their scale, the digits after the point, is not in the records: ${likelyScale} is a guess`;
  return `Decimals in base64, as Debezium and Kafka Connect write them: ${names.join(", ")}${isGuess ? guess : ""}.`;
}

interface Scope {
  readonly shape: Shape;
  readonly array: string | undefined;
}

interface Units {
  readonly units: readonly string[];
}

interface KeySources {
  readonly own: RecordKey;
  readonly documents: readonly Document[];
}

function keyOf(
  fields: Fields,
  { shape, array, own, documents }: Scope & KeySources,
  notes: string[],
): Decode {
  if (shape.decode["key"] !== undefined) {
    notes.push(`Key: ${JSON.stringify(shape.decode["key"])}, by the shape.`);
    return {};
  }
  const outer = keysIn(fields, undefined);
  const inner = arraysAround(fields, array).map((path) => keysIn(fields, path));
  const chosen: unknown[] = [];
  if (own.parts.length > 0 && (own.values > 1 || outer.length === 0)) {
    notes.push(own.note);
    chosen.push(...own.parts);
  } else {
    if (own.note !== "") notes.push(own.note);
    const [best] = outer;
    if (best !== undefined) {
      notes.push(
        `Key: ${seen(best.field)}${best.isNamed ? "" : "; a guess, for it is the only text that comes again"}.`,
      );
      chosen.push(asPath(best.field.names));
    }
  }
  for (const [item] of inner) {
    if (item === undefined) continue;
    notes.push(`Key within an array: ${seen(item.field)}.`);
    chosen.push(asPath(item.field.names));
  }
  if (array === undefined && chosen.length === 1) {
    const [part] = chosen;
    const measure = measureNamesIn(fields, undefined, shape.within).find(
      (field) => !chosen.includes(asPath(field.names)) && varies(field, part, documents),
    );
    if (measure !== undefined) {
      notes.push(`Part of the key, for it says what the number is: ${seen(measure)}.`);
      chosen.push(asPath(measure.names));
    }
  }
  const others = [...outer, ...inner.flat()].filter(({ field }) => !chosen.includes(asPath(field.names)));
  if (others.length > 0)
    notes.push(
      `Other candidates for the key: ${others
        .slice(0, 5)
        .map(({ field }) => seen(field))
        .join(", ")}.`,
    );
  if (chosen.length === 0) {
    notes.push(noKey);
    return { key: { const: "all" } };
  }
  const isOwn = own.parts.length > 0 && chosen.includes(own.parts[0]);
  const format = isOwn && ownFormat(own);
  const key = keyOfParts(chosen);
  return key === ownPart ? { ...format } : { ...format, key };
}

/** Whether records of one key have several values of a field. Keys are the records' own, or at a path. */
function varies({ names }: Field, part: unknown, documents: readonly Document[]): boolean {
  const path = typeof part === "string" ? part.split(".") : (part as { path?: readonly string[] }).path;
  const first = new Map<unknown, unknown>();
  return documents.some(({ record, document }) => {
    const isOwn = typeof part === "object" && "record" in part!;
    // Bytes that are no text stay apart.
    const own = (): string => Buffer.from(record.key ?? []).toString("latin1");
    const key = isOwn || path === undefined ? own() : at(document, path);
    const value = at(document, names);
    if (!first.has(key)) first.set(key, value);
    return first.get(key) !== value;
  });
}

function at(document: unknown, names: readonly string[]): unknown {
  let found = document;
  for (const name of names) found = (found as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return found;
}

/** A part of a key that is the record's key, or a field of it. */
interface OwnPart {
  readonly record: "key";
  readonly path?: string;
}

type IntegerFormat = "int32" | "int64";
type KeyWindow = NonNullable<ReturnType<typeof likelyWindow>>;

interface RecordKey {
  /** None if the records' keys are of no use. */
  readonly parts: readonly OwnPart[];
  readonly values: number;
  /** Format of keys that are no plain text. */
  readonly format?: "json" | "connect-json" | "hex" | IntegerFormat;
  /** Window behind the keys. */
  readonly window?: KeyWindow;
  /** Milliseconds between windows that are written again and again; undefined where none is. */
  readonly updatedEveryMs?: number;
  readonly note: string;
}

const ownPart: OwnPart = { record: "key" };

/** Settings that read the record's key. */
function ownFormat({ format, window }: RecordKey): Decode {
  return {
    ...(format !== undefined && { keyFormat: format }),
    ...(window !== undefined && { keyWindow: window }),
  };
}

function windowTimeOf({ window }: RecordKey): Decode {
  if (window === undefined) return {};
  return { time: { window: window === "session" ? "end" : "start" } };
}

function windowTimeText(window: KeyWindow | undefined): string {
  return window === "session"
    ? "the end of the session in the record's key"
    : "the start of the window in the record's key";
}

/** One observation for each window of a table that writes its windows again and again. */
function updatesOf({ updatedEveryMs }: RecordKey, notes: string[]): Pick<Suggestion, "aggregate"> {
  if (updatedEveryMs === undefined) return {};
  notes.push("Records of one key and window come again, as updates: the last one of a window counts.");
  return { aggregate: { every: `${updatedEveryMs / 1000}s`, by: "last" } };
}

/** Judges the records' own keys, with or without windows behind them. */
function recordKeyOf(records: readonly InputRecord[]): RecordKey {
  const keys = records.flatMap(({ key }) => (key === null ? [] : [key]));
  const [window, ...others] = new Set(keys.map(likelyWindow));
  if (window === undefined || others.length > 0 || keys.length < records.length) return plainKeyOf(records);
  const plain = records.map((record) => ({ ...record, key: plainKeyReader({ keyWindow: window })(record) }));
  const own = plainKeyOf(plain);
  if (own.parts.length === 0) return { ...own, note: `${own.note} Windows of Kafka Streams follow them.` };
  const starts = [...new Set(records.map((record) => windowTime(record, window, "start")))].sort(
    (a, b) => a - b,
  );
  const gaps = starts.flatMap((start, i) => (i === 0 ? [] : [start - starts[i - 1]!]));
  const every = Math.min(...gaps);
  const isUpdated = new Set(keys.map((key) => Buffer.from(key).toString("latin1"))).size < keys.length;
  return {
    ...own,
    window,
    note: `${own.note} Windows of Kafka Streams or ksqlDB follow the keys.`,
    ...(window === "time" && isUpdated && every % 1000 === 0 && { updatedEveryMs: every }),
  };
}

function plainKeyOf(records: readonly InputRecord[]): RecordKey {
  const keys = records.flatMap(({ key }) => (key === null ? [] : [key]));
  const none = { parts: [], values: 0 };
  if (keys.length === 0) return { ...none, note: "The records have no key." };
  if (keys.length < records.length) {
    return { ...none, note: `${records.length - keys.length} of ${records.length} records have no key.` };
  }
  const integers = integerKeyOf(keys);
  if (integers !== undefined) return integers;
  if (!keys.every((key) => key.length > 0 && isUtf8(key))) return binaryKeyOf(keys);
  const texts = new Set(keys.map(decodeText));
  const [example] = texts;
  if (keys.every((key) => typeof parsed(key) === "object")) return jsonKeyOf(keys, texts);
  if (hardlyComeAgain(keys, texts)) {
    return {
      ...none,
      note: `The records' keys hardly come again: ${texts.size} different ones in ${keys.length} records.`,
    };
  }
  return {
    parts: [ownPart],
    values: texts.size,
    note: `Key: the record's key, ${texts.size} different ones, such as ${short(example!)}.`,
  };
}

function hardlyComeAgain({ length }: readonly Uint8Array[], { size }: ReadonlySet<string>): boolean {
  return length >= 20 && size > length / 2;
}

/** Judges keys that have the size of an integer and are no printable text; undefined for others. */
function integerKeyOf(keys: readonly Uint8Array[]): RecordKey | undefined {
  const size = keys[0]!.length;
  if ((size !== 4 && size !== 8) || !keys.every((key) => key.length === size)) return undefined;
  // Small integers are UTF-8 of control characters.
  const isText = (key: Uint8Array): boolean => isUtf8(key) && key.every((byte) => byte >= 32 && byte !== 127);
  if (keys.every(isText)) return undefined;
  const format = size === 4 ? "int32" : "int64";
  const integers = keys.map(binaryKeys[format]);
  const values = new Set(integers).size;
  return {
    parts: [ownPart],
    values,
    format,
    note: `Key: the record's key, an integer of ${size} bytes, ${values} different ones, such as ${integers[0]!}.`,
  };
}

/** Judges keys that are no text: their digits are the key if they come again. */
function binaryKeyOf(keys: readonly Uint8Array[]): RecordKey {
  const texts = new Set(keys.map(binaryKeys.hex));
  const [example] = texts;
  if (hardlyComeAgain(keys, texts)) {
    const note = `The records' keys are not text and hardly come again, such as the bytes ${short(example!)}.`;
    return { parts: [], values: 0, note };
  }
  return {
    parts: [ownPart],
    values: texts.size,
    format: "hex",
    note: `Key: the record's key, which is no text, as hexadecimal digits, ${texts.size} different ones, such as ${short(example!)}.`,
  };
}

/** Most fields of a key in JSON that are taken for its parts. */
const mostKeyFields = 4;

/** Judges keys that are JSON documents: their fields, if they are few texts and whole numbers, are the parts. */
function jsonKeyOf(keys: readonly Uint8Array[], texts: ReadonlySet<string>): RecordKey {
  const [example] = texts;
  const note = `The records' keys are JSON: ${short(example!)}.`;
  const documents = keys.map(parsed);
  const format = documents.every(isEnvelope) ? "connect-json" : "json";
  const payloads = documents.map(connectPayload);
  if (payloads.every((payload) => typeof payload === "string" || Number.isInteger(payload))) {
    return { parts: [ownPart], values: texts.size, format, note: `Key: ${note}` };
  }
  const fields = new Fields();
  for (const payload of payloads) fields.add(payload, 0);
  const scalars = fields
    .list()
    .filter(
      ({ array, present, texts: words, integers }) =>
        array === undefined && present === keys.length && words + integers === present,
    );
  const isUsable =
    scalars.length > 0 &&
    scalars.length <= mostKeyFields &&
    !scalars.some(({ names }) => names.some((name) => name.includes("."))) &&
    !hardlyComeAgain(keys, texts);
  if (!isUsable) return { parts: [], values: 0, note };
  const parts = scalars.map(({ path }): OwnPart => ({ record: "key", path }));
  return { parts, values: texts.size, format, note: `Key: ${note}` };
}

function keysSeen(fields: Fields, array: string | undefined, records: readonly InputRecord[]): number {
  const own = recordKeyOf(records);
  return own.parts.length === 0 ? (keysIn(fields, array)[0]?.field.values.size ?? 1) : own.values;
}

function timeOf(
  fields: Fields,
  { shape, array, records }: Scope & { readonly records: readonly InputRecord[] },
  notes: string[],
): Decode {
  const given = shape.decode["time"];
  if (given !== undefined) {
    notes.push(`Time: ${JSON.stringify(given)}, by the shape.`);
    return {};
  }
  const [best, ...others] = timesIn(fields, array);
  const isDay =
    best !== undefined && (best.field.days > 0 || (best.format !== undefined && !/[Hh]/.test(best.format)));
  const split = best === undefined || isDay ? splitTimeIn(fields, array) : undefined;
  if (split !== undefined) return splitTimeOf(split, notes);
  if (best === undefined) {
    const header = headerTime(records);
    if (header !== undefined) {
      notes.push(
        `Time: the header ${header.name} (${header.unit === undefined ? "ISO 8601" : `epoch ${header.unit}`}).`,
      );
      return { time: { header: header.name }, ...(header.unit !== undefined && { timeUnit: header.unit }) };
    }
    notes.push("Time: the record's timestamp; no field looks like one.");
    return {};
  }
  const { field, unit, format } = best;
  if (format !== undefined) {
    notes.push(
      `Time: ${field.path} (such as ${short([...field.values][0] ?? "")}; decode.timeFormat in the tokens of luxon).`,
    );
    if ([...field.values].every(isOrderUnclear))
      notes.push(`Day and month of ${field.path} may be the other way round: see decode.timeFormat.`);
    notes.push(...mixedTimes(field, format));
    return { time: asPath(field.names), timeFormat: format };
  }
  notes.push(...mixedTimes(field));
  // Texts of digits are times only in a unit that is named.
  const isUnitNeeded = unit !== undefined && (unit !== "ms" || field.numberTexts > 0);
  const ownForm = field.texts === 0 ? "a time by its schema" : "ISO 8601";
  const form = unit === undefined ? ownForm : `epoch ${unit}${field.times > 0 ? " and ISO 8601" : ""}`;
  const also =
    others.length === 0
      ? ""
      : `; also ${others
          .slice(0, 3)
          .map((other) => other.field.path)
          .join(", ")}`;
  notes.push(`Time: ${field.path} (${form})${also}.`);
  return { time: asPath(field.names), ...(isUnitNeeded && { timeUnit: unit }) };
}

/** Says that a field's times have several forms, of which the settings read one. */
function mixedTimes({ path, units, formats, times }: Field, format?: string): readonly string[] {
  const forms = [
    ...[...units].map(([unit, count]) => [`epoch ${unit}`, count] as const),
    ...(times > 0 ? [["ISO 8601", times] as const] : []),
    ...(format === undefined ? [] : [...formats].map(([one, count]) => [one, count] as const)),
  ].sort(([, a], [, b]) => b - a);
  // A unit is read beside ISO 8601.
  const isRead = format === undefined ? units.size < 2 : forms.length < 2;
  if (isRead) return [];
  const told = forms.map(([form, count]) => `${count} in ${form}`).join(", ");
  return [
    `${path} holds times in several forms: ${told}. The settings read the first; the others become dead letters, unless a function (decode.module) reads both.`,
  ];
}

/** Words and booleans as measures, where there are no numbers. */
function wordMeasuresOf(fields: Fields, array: string | undefined, notes: string[]): Decode | undefined {
  const found = wordsIn(fields, array).slice(0, mostSeries);
  if (found.length === 0) return undefined;
  notes.push(
    `Measures in words: ${found.map((field) => `${field.path} (${wordsFor([field])!.told})`).join(", ")}.`,
  );
  const words = wordsFor(found);
  if (words === undefined) return undefined;
  const isPartial = found.some(({ present }) => present < fields.countOf(array));
  return {
    ...(found.length === 1 ? { value: asPath(found[0]!.names) } : { series: namedSeries(found) }),
    ...(isPartial && { absent: "skip" }),
    words: words.numbers,
  };
}

/** Settings of a time in two fields. */
function splitTimeOf({ day, clock }: SplitTime, notes: string[]): Decode {
  const [[date], [time]] = [day.values, clock.values];
  const example = `${date?.trim()} ${time?.trim()}`;
  const format = Number.isNaN(parseIsoTime(example)) ? likelyFormat(example) : undefined;
  notes.push(`Time: ${day.path} and ${clock.path}, such as ${short(example)}.`);
  if (format !== undefined && isOrderUnclear(example)) {
    notes.push(`Day and month of ${day.path} may be the other way round: see decode.timeFormat.`);
  }
  return {
    time: [asPath(day.names), asPath(clock.names)],
    ...(format !== undefined && { timeFormat: format }),
  };
}

function measuresOf(
  fields: Fields,
  { shape, array, units }: Scope & Units,
  notes: string[],
): Decode | undefined {
  const all = currentMeasures(measuresIn(fields, array, shape.within));
  if (all.length === 0) return undefined;
  const changing = all.filter((field) => !isConstant(field));
  const measures = (changing.length > 0 ? changing : all).slice(0, mostSeries);
  const range = ({ path, min, max }: Field): string => `${path} (${short(min)} to ${short(max)})`;
  notes.push(`Measures: ${measures.slice(0, 12).map(range).join(", ")}${measures.length > 12 ? ", …" : ""}.`);
  const still = all.filter((field) => !measures.includes(field)).map(({ path }) => path);
  if (still.length > 0) notes.push(`Left out, for they do not change: ${still.slice(0, 12).join(", ")}.`);
  const texts = measures.filter(({ numberTexts }) => numberTexts > 0);
  if (texts.length > 0) notes.push("Some numbers are written as texts.");
  const numbers = {
    ...(texts.length > 0 && { numbersInText: true }),
    ...(units.length > 0 && { valueUnit: [...units] }),
    ...missingIn(measures, notes),
    ...(measures.some(({ booleans }) => booleans > 0) && { words: { true: 1, false: 0 } }),
  };
  if ("words" in numbers) notes.push("Some values are booleans: decode.words gives their numbers.");
  const words = wordsIn(fields, array).filter(({ path }) => path.startsWith(shape.within));
  if (words.length > 0) {
    const told = words.slice(0, 12).map((field) => `${field.path} (${wordsFor([field])!.told})`);
    notes.push(`Words and booleans, which decode.words reads as numbers: ${told.join(", ")}.`);
  }
  if (units.length > 0) notes.push(`Units that are left out: ${units.join(", ")}.`);
  if ("series" in shape.decode) return { ...numbers };
  const isPartial = measures.some(({ present }) => present < fields.countOf(array));
  if (measures.length === 1) {
    const isOfItems = isPartial && array !== undefined;
    return { value: asPath(measures[0]!.names), ...(isOfItems && { absent: "skip" }), ...numbers };
  }
  return { series: namedSeries(measures), ...(isPartial && { absent: "skip" }), ...numbers };
}

/** Texts that stand for a missing value among the numbers of measures. */
function missingIn(measures: readonly Field[], notes: string[]): Decode {
  const words = new Set<string>();
  for (const { values, texts, numberTexts } of measures) {
    if (texts === numberTexts) continue;
    for (const text of values) if (isLikelyMissing(text)) words.add(text.trim());
  }
  if (words.size === 0 || words.size > 8) return {};
  notes.push(`Texts that are read as missing values: ${[...words].map(short).join(", ")}.`);
  return { missing: [...words] };
}

/** Series by the last names of their paths, or by the whole paths where these are the same. */
function namedSeries(measures: readonly Field[]): Readonly<Record<string, unknown>> {
  const names = measures.map(({ name }) => name);
  const isUnique = new Set(names).size === names.length;
  return Object.fromEntries(
    measures.map((field) => [isUnique ? field.name : field.path, asPath(field.names)]),
  );
}

function seen({ path, values }: Field): string {
  const [example] = values;
  return `${path} (${values.size} values, such as ${short(example ?? "")})`;
}

function short(value: string | number): string {
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}
