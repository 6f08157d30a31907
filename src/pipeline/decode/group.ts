/** Reads the group of a key from the record of an event: slow, for it parses the record anew, and asked once for each key. */
import { UndercurrentError } from "../../errors/errors.js";
import { groupNamed } from "../../forecast/incidents/groups/naming.js";
import type { DecodeSettings } from "../decode-settings.js";
import type { InputRecord } from "../ports.js";
import { documentParser } from "./document-parser.js";
import { findIn, itemPath, type Chain } from "./document.js";
import type { ValueFormat } from "./format.js";
import { itemsOf, itemVisitor } from "./items.js";
import { keyReader } from "./key.js";

/** Returns the group that a record names for a key; undefined for none. */
export type GroupReader = (record: InputRecord, key: string) => string | undefined;

/**
 * Returns a reader of groups at a path. Of a record with several items (`each`) the item of the key names the group, or the
 * record outside of its items.
 */
export function groupReader(
  settings: DecodeSettings,
  names: readonly string[],
  format: ValueFormat | undefined,
): GroupReader {
  const parse = documentParser(settings, format);
  const items = itemsOf(settings);
  const path = itemPath(names, items);
  const groupIn = (chain: Chain): string | undefined => groupNamed(findIn(chain, path));
  if (items === undefined) return readable((record) => groupIn([parse(record)]));
  const keyOf = keyReader(settings, format);
  const visitItems = itemVisitor(settings, items);
  const isOf = (record: InputRecord, chain: Chain, key: string): boolean => {
    const own = readable(() => keyOf(record, chain))(record, key);
    return own !== undefined && (key === own || key.startsWith(`${own}/`));
  };
  return readable((record, key) => {
    let group: string | undefined;
    visitItems(parse(record), (chain) => {
      if (group === undefined && isOf(record, chain, key)) group = groupIn(chain);
    });
    return group;
  });
}

/** What cannot be read names no group. */
function readable(read: GroupReader): GroupReader {
  return (record, key) => {
    try {
      return read(record, key);
    } catch (error) {
      if (error instanceof UndercurrentError) return undefined;
      throw error;
    }
  };
}
