/** Builds the tree of field names, as bytes, that a JSON scan looks for. */
import {
  featureCountOf,
  isPath,
  keyParts,
  namedSeriesOf,
  pathNames,
  type DecodeSettings,
  type FieldPath,
  type Path,
} from "../../decode-settings.js";

/** What lies at a name: nothing that is looked for, an object with something in it, or one of the fields. */
export const noField = -2;
export const within = -1;
export const timeField = 0;
/** Number n has the field `firstNumber + n`, and part p of the key `firstKeyPart + p`. */
export const firstNumber = 1;
export const firstKeyPart = 65_536;

export interface FieldName {
  readonly bytes: Uint8Array;
  /** `within`, `timeField`, a number, or a part of the key. */
  readonly field: number;
  readonly names: FieldName[];
  /** The record in which it was last met. */
  turn: number;
}

/** Which of the numbers are the value and the features of one series; -1 for a feature that it lacks. */
export interface SeriesFields {
  readonly name: string;
  readonly value: number;
  readonly features: Int32Array;
}

export interface JsonFields {
  readonly names: readonly FieldName[];
  /** How many different numbers there are. */
  readonly numbers: number;
  readonly series: readonly SeriesFields[];
}

/**
 * Undefined where only the decoder can read: a path is empty, leads through the end of another, or leads to a key or time
 * and something else.
 */
export function jsonFields(settings: DecodeSettings): JsonFields | undefined {
  const { time, features, value } = settings;
  if (settings.series !== undefined && isPath(settings.series)) return undefined;
  const tree: FieldName[] = [];
  const known = new Map<string, number>();
  let possible = true;
  const number = (path: FieldPath): number => {
    // Which of several is taken depends on all of them.
    if (!isPath(path)) {
      possible = false;
      return 0;
    }
    const text = JSON.stringify(pathNames(path));
    const before = known.get(text);
    if (before !== undefined) return before;
    known.set(text, known.size);
    possible &&= enter(tree, path, firstNumber + known.size - 1);
    return known.size - 1;
  };
  if (time !== undefined) possible = isPath(time) && enter(tree, time, timeField);
  for (const [index, part] of keyParts(settings).entries()) {
    if (isPath(part)) possible &&= enter(tree, part, firstKeyPart + index);
    else possible &&= "const" in part || ("record" in part && settings.keyFormat === "text");
  }
  const width = featureCountOf(settings);
  const series = (namedSeriesOf(settings) ?? [{ name: "", value, features: [] }]).map((one) => {
    const fields = new Int32Array(width).fill(-1);
    const values = number(one.value);
    fields.set([...features, ...one.features].map(number));
    return { name: one.name, value: values, features: fields };
  });
  return possible ? { names: tree, numbers: known.size, series } : undefined;
}

function enter(names: FieldName[], path: Path, field: number): boolean {
  const parts = pathNames(path);
  if (!parts.every((part) => part.isWellFormed())) return false;
  let level = names;
  for (const [depth, part] of parts.entries()) {
    const bytes = Buffer.from(part);
    const last = depth === parts.length - 1;
    const known = level.find((name) => bytes.equals(name.bytes));
    if (known !== undefined && (last || known.field !== within)) return false;
    const next = known ?? { bytes, field: last ? field : within, names: [], turn: 0 };
    if (known === undefined) level.push(next);
    level = next.names;
  }
  return parts.length > 0;
}
