/** Builds the tree of field names, as bytes, that a JSON scan looks for. */
import { pathNames, type DecodeSettings, type Path } from "../settings.js";

/** What lies at a name: nothing that is looked for, an object with something in it, or one of the fields. */
export const noField = -2;
export const within = -1;
export const keyField = 0;
export const timeField = 1;
export const valueField = 2;

export interface FieldName {
  readonly bytes: Uint8Array;
  /** `within`, `keyField`, `timeField`, `valueField`, and the features behind them. */
  readonly field: number;
  readonly names: FieldName[];
  /** The record in which it was last met. */
  turn: number;
}

/** Undefined where a path is empty, or leads through the end of another. */
export function fieldNames({ key, time, value, features }: DecodeSettings): FieldName[] | undefined {
  const names: FieldName[] = [];
  const paths = [key, time, value, ...features];
  return paths.every((path, field) => path === undefined || enter(names, path, field)) ? names : undefined;
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
