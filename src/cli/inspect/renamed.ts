/** Finds fields that have two names in one topic: records have the one or the other. */
import { find } from "../../pipeline/decode/document.js";
import { areSiblings, asPath } from "./paths.js";
import type { Decode, Document } from "./shapes.js";

/** A field and its other name, which its newest record does not have. */
export interface Alias {
  readonly names: readonly string[];
  readonly old: readonly string[];
}

interface Counted {
  readonly names: readonly string[];
  readonly present: number;
  readonly texts: number;
  readonly numbers: number;
}

/** Most fields that are compared with one another. */
const mostFields = 40;
/** Share of the records that must have exactly one of both. */
const most = 0.98;

const ofTime = /time|date|stamp|^(ts|at|t)$/i;

/** Returns the fields with two names, and gives both the newer one in the documents. */
export function aliasesIn(
  documents: readonly Document[],
  fields: ReadonlyMap<string, Counted>,
): readonly Alias[] {
  const count = documents.length;
  const partly = [...fields.values()]
    .filter(({ names, present, texts, numbers }) => {
      const isPlain = texts + numbers === present && !names.some((name) => name.includes("."));
      return isPlain && present >= 0.02 * count && present <= 0.98 * count;
    })
    .slice(0, mostFields);
  const aliases: Alias[] = [];
  const taken = new Set<Counted>();
  if (partly.length < 2) return [];
  const newest = documents.reduce((last, one) =>
    one.record.timestamp >= last.record.timestamp ? one : last,
  );
  partly.forEach((a, i) => {
    for (const b of partly.slice(i + 1)) {
      if (taken.has(a) || taken.has(b) || !isSimilar(a, b)) continue;
      const has = ({ document }: Document, { names }: Counted): boolean =>
        find(document, names) !== undefined;
      if (documents.filter((one) => has(one, a) !== has(one, b)).length < most * count) continue;
      taken.add(a).add(b);
      aliases.push(has(newest, a) ? { names: a.names, old: b.names } : { names: b.names, old: a.names });
    }
  });
  for (const { names, old } of aliases) for (const one of documents) rename(one.document, old, names);
  return aliases;
}

function isSimilar(a: Counted, b: Counted): boolean {
  if (!areSiblings(a.names, b.names)) return false;
  const plain = ({ names }: Counted): string => names.at(-1)!.toLowerCase().replaceAll(/[_-]/g, "");
  const [one, other] = [plain(a), plain(b)];
  if (ofTime.test(a.names.at(-1)!) && ofTime.test(b.names.at(-1)!)) return true;
  const isSameKind = a.numbers > 0 === b.numbers > 0 && a.texts > 0 === b.texts > 0;
  return (
    isSameKind &&
    (one.startsWith(other) ||
      other.startsWith(one) ||
      (one.length > 2 && one.slice(0, 3) === other.slice(0, 3)))
  );
}

function rename(document: unknown, old: readonly string[], names: readonly string[]): void {
  const around = find(document, old.slice(0, -1)) as Record<string, unknown> | undefined;
  const name = old.at(-1)!;
  if (typeof around !== "object" || !Object.hasOwn(around, name)) return;
  around[names.at(-1)!] = around[name];
  Reflect.deleteProperty(around, name);
}

const withPaths = ["key", "time", "value", "series"];

/** Returns settings in which both names of a field are read. */
export function withFirstOf(decode: Decode, aliases: readonly Alias[]): Decode {
  const known = new Map(
    aliases.map(({ names, old }) => [asPath(names), [asPath(names), asPath(old)]] as const),
  );
  const replaced = (setting: unknown): unknown => {
    const paths = typeof setting === "string" ? known.get(setting) : undefined;
    if (paths !== undefined) return { firstOf: paths };
    if (Array.isArray(setting)) return setting.map(replaced);
    return setting;
  };
  const complete = { ...decode };
  for (const name of withPaths) {
    const setting = decode[name];
    if (setting === undefined) continue;
    complete[name] =
      name === "series" && typeof setting === "object" && setting !== null && !Array.isArray(setting)
        ? Object.fromEntries(Object.entries(setting).map(([series, path]) => [series, replaced(path)]))
        : replaced(setting);
  }
  return complete;
}
