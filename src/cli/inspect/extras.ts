/** Finds what settings are seldom needed for: words in place of numbers, times in headers, and several kinds of records. */
import { parseIsoTime } from "../../forecast/iso-time.js";
import { decodeText, find } from "../../pipeline/decode/document.js";
import { likelyWords } from "../../pipeline/decode/number-text.js";
import type { InputRecord } from "../../pipeline/ports.js";
import { plausibleUnit, type TimeUnit } from "../../pipeline/times/epoch.js";
import type { Field, Fields } from "./fields.js";
import { asPath } from "./paths.js";
import { measuresIn } from "./roles.js";
import type { Decode, Document } from "./shapes.js";

/** Returns the fields whose values are booleans, or the words of a known pair. */
export function wordsIn(fields: Fields, array: string | undefined): readonly Field[] {
  return fields.list().filter(({ booleans, texts, present, values, array: own }) => {
    if (own !== array || values.size !== 2 || booleans + texts < 0.9 * present) return false;
    return likelyWords([...values]) !== undefined;
  });
}

interface Words {
  readonly numbers: Readonly<Record<string, number>>;
  readonly told: string;
}

/** Returns the numbers of the words of fields; undefined where a word has two. */
export function wordsFor(fields: readonly Field[]): Words | undefined {
  const numbers = new Map<string, number>();
  const told: string[] = [];
  for (const { values } of fields) {
    for (const [word, number] of Object.entries(likelyWords([...values]) ?? {})) {
      if ((numbers.get(word) ?? number) !== number) return undefined;
      numbers.set(word, number);
      told.push(`${word}: ${number}`);
    }
  }
  return { numbers: Object.fromEntries(numbers), told: told.join(", ") };
}

interface HeaderTime {
  readonly name: string;
  readonly unit: TimeUnit | undefined;
}

/** Returns the header that holds the time of all records; undefined without one. */
export function headerTime(records: readonly InputRecord[]): HeaderTime | undefined {
  const names = new Set(records.slice(0, 20).flatMap(({ headers }) => headers.map(({ name }) => name)));
  for (const name of [...names].slice(0, 64)) {
    if (!/time|date|stamp|(^|[_-])(ts|at)$/i.test(name)) continue;
    const texts = records.map(({ headers }) => {
      const value = headers.findLast((header) => header.name === name)?.value;
      return value === undefined ? "" : decodeText(value);
    });
    if (texts.every((text) => !Number.isNaN(parseIsoTime(text)))) return { name, unit: undefined };
    const units = new Set(
      texts.map((text) => (/^\d+$/.test(text) ? plausibleUnit(Number(text)) : undefined)),
    );
    const [unit] = units;
    if (units.size === 1 && unit !== undefined) return { name, unit };
  }
  return undefined;
}

interface Kinds {
  readonly decode: Decode;
  readonly note: string;
  readonly isChosen: (document: Document) => boolean;
}

/** Names of a field that says what a record is. */
const ofKind =
  /^(type|kind|event|event_?(name|type)|table|op|operation(Type)?|action|category|msg_?type|message_?type|method|name)$/i;
/** Most kinds of records. */
const mostKinds = 16;

/** Returns the choice of the records that have numbers, where a field tells them from others; undefined without. */
export function kindsIn(documents: readonly Document[], fields: Fields): Kinds | undefined {
  const measures = measuresIn(fields, undefined, "").filter(
    ({ present }) => present >= 0.1 * documents.length,
  );
  if (measures.length === 0 || measures.some(({ present }) => present > 0.95 * documents.length))
    return undefined;
  const kinds = fields
    .list()
    .filter(
      ({ name, array, texts, present, values }) =>
        array === undefined &&
        ofKind.test(name) &&
        texts === present &&
        values.size > 1 &&
        values.size <= mostKinds,
    );
  const [measure] = [...measures].sort((a, b) => b.present - a.present);
  for (const { names, path } of kinds) {
    const having = new Set<unknown>();
    const lacking = new Set<unknown>();
    for (const { document } of documents) {
      const kind = find(document, names);
      (find(document, measure!.names) === undefined ? lacking : having).add(kind);
    }
    if (having.size === 0 || lacking.size === 0 || [...having].some((kind) => lacking.has(kind))) continue;
    if (having.has(undefined)) continue;
    const chosen = [...having].sort();
    const others = [...lacking].flatMap((kind) => (typeof kind === "string" ? [kind] : []));
    return {
      decode: { only: [{ field: asPath(names), in: chosen }] },
      note:
        `Kinds of records: ${path} is ${chosen.join(", ")} where ${measure!.path} is; ` +
        `others (${others.slice(0, 5).join(", ") || "without it"}) are skipped and counted.`,
      isChosen: ({ document }) => having.has(find(document, names)),
    };
  }
  return undefined;
}
