/** Decodes input records to readings: key, time, value. */
import { UndercurrentError } from "../../errors/errors.js";
import { readKey, readTime, readValue } from "../../forecast/input.js";
import {
  escapeKeyPart,
  featureCountOf,
  isPath,
  namedSeriesOf,
  isOneNumber,
  pathNames,
  type DecodeSettings,
  type FieldPath,
} from "../decode-settings.js";
import type { InputRecord } from "../ports.js";
import { decodeNames, timeReader } from "../times/reader.js";
import {
  fieldPath,
  fieldText,
  find,
  findIn,
  headerText,
  pathHint,
  pathText,
  type Chain,
  type ItemPath,
} from "./document.js";
import { documentParser } from "./document-parser.js";
import type { ValueFormat } from "./format.js";
import { itemsOf, itemVisitor } from "./items.js";
import { keyReader } from "./key.js";
import { numberReader } from "./number.js";
import { windowTime } from "./record-key.js";

/** One reading of a record. */
export interface Reading {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly time: number;
  /** NaN for a missing value. */
  readonly value: number;
  /** Exogenous features in the order of their paths; NaN for a missing value. */
  readonly features: readonly number[];
  /** Parsed JSON of the record's value; the number if the format is `number`. */
  readonly document: unknown;
  readonly record: InputRecord;
  /** Which of the record's readings this is: the name of the series, after the number of the item; absent for the only one. */
  readonly series?: string;
}

/** A reading that was refused; the record's other readings go on. */
export interface RefusedReading {
  /** As in `Reading`; empty for the only one. */
  readonly series: string;
  readonly error: UndercurrentError;
}

/** The readings of one record, in order. */
export interface Decoded {
  readonly readings: readonly Reading[];
  readonly refused: readonly RefusedReading[];
}

export type Decode = (record: InputRecord) => Reading;
export type DecodeAll = (record: InputRecord) => Decoded;

/**
 * Returns a function that decodes records of one reading. The function throws RECORD_UNREADABLE, RECORD_SKIPPED,
 * BATCH_UNREADABLE, KEY_INVALID, TIME_INVALID, VALUE_NOT_A_NUMBER or VALUE_OUT_OF_RANGE. A null value is a missing value. An
 * absent value is an error unless `absent` says otherwise, because a wrong path would make every value missing. An absent
 * feature is a missing value.
 *
 * @example
 * ```ts
 * const decode = decoder(pipelineSettings({ decode: { value: "payload.celsius", time: "at" } }).decode);
 * const { key, time, value } = decode(record);
 * ```
 */
export function decoder(settings: DecodeSettings, format?: ValueFormat): Decode {
  const decode = recordDecoder(settings, format);
  return (record) => {
    const { readings, refused } = decode(record);
    if (refused.length > 0) throw refused[0]!.error;
    return readings[0]!;
  };
}

/**
 * Returns a function that decodes records of any number of readings. The order of the readings is that of the items (`each`),
 * then that of the series in the settings. The function throws for a record without any readable part; where only some
 * readings cannot be read, it returns their errors beside the others.
 *
 * @param noteTime takes each time as it is in the record
 */
export function recordDecoder(
  settings: DecodeSettings,
  format?: ValueFormat,
  noteTime?: (time: unknown) => void,
): DecodeAll {
  const parse = documentParser(settings, format);
  const isSkipped = skipTest(settings);
  const decodeItem = itemDecoder(settings, format, noteTime);
  const { maxReadings, absent } = settings;
  const items = itemsOf(settings);
  if (items === undefined) {
    const isOnly = settings.series === undefined;
    return (record) => {
      const document = parse(record);
      isSkipped(document);
      const into: MutableDecoded = { readings: [], refused: [], count: 0 };
      decodeItem({ record, document, chain: [document], item: "" }, into);
      // Nothing of the record can be read: the error is the record's.
      if (isOnly && into.refused.length > 0) throw into.refused[0]!.error;
      return into;
    };
  }
  const visitItems = itemVisitor(settings, items);
  return (record) => {
    const document = parse(record);
    isSkipped(document);
    const into: MutableDecoded = { readings: [], refused: [], count: 0 };
    let item = 0;
    const isList = visitItems(document, (chain) => {
      if (item >= maxReadings) throw tooMany(maxReadings);
      decodeItem({ record, document, chain, item: String(item++) }, into);
    });
    const { readings, refused, lacking } = into;
    if (lacking !== undefined && readings.length + refused.length === 0) throw lacking;
    if (item > 0) return into;
    const message =
      settings.format === "module"
        ? "decode.module returned no reading"
        : `no item is at the path ${(items.arrays ?? [items.path]).map(pathText).join(" or ")} (decode.each)`;
    throw new UndercurrentError(
      isList || absent === "skip" ? "RECORD_SKIPPED" : "RECORD_UNREADABLE",
      message,
    );
  };
}

/**
 * Returns a function that reads the key of a whole record, without the names of its series. The function throws as a decoder does.
 *
 * @throws SETTING_INVALID if the settings give the items of one record keys of their own.
 */
export function recordKeyReader(
  settings: DecodeSettings,
  format?: ValueFormat,
): (record: InputRecord) => string {
  if (settings.format === "module") {
    const decode = recordDecoder(settings, format);
    return (record) => onlyKey(decode(record));
  }
  if (itemsOf(settings) !== undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "topics.repartition needs one key per record: with decode.each the items of a record may have several",
    );
  }
  const parse = documentParser(settings, format);
  const isSkipped = skipTest(settings);
  const keyOf = keyReader({ ...settings, series: undefined }, format);
  return (record) => {
    const document = parse(record);
    isSkipped(document);
    return keyOf(record, [document]);
  };
}

function onlyKey({ readings, refused }: Decoded): string {
  const [first, ...others] = readings;
  if (first === undefined) throw refused[0]!.error;
  if (others.every(({ key }) => key === first.key)) return first.key;
  throw new UndercurrentError(
    "KEY_INVALID",
    "decode.module returned readings of several keys, which topics.repartition cannot place",
  );
}

interface MutableDecoded extends Decoded {
  readonly readings: Reading[];
  readonly refused: RefusedReading[];
  /** Of all series so far, also of those that were left out. */
  count: number;
  /** Why the first item without any series was left out. */
  lacking?: UndercurrentError;
}

/** One item of a record, which may be the whole of it. */
interface Item {
  readonly record: InputRecord;
  readonly document: unknown;
  readonly chain: Chain;
  /** Its number; empty for the whole record. */
  readonly item: string;
}

/** Where the number of one series is, and those of its features. */
interface SeriesPaths {
  readonly name: string;
  readonly suffix: string;
  readonly value: ItemPath;
  readonly features: readonly ItemPath[];
}

function itemDecoder(
  settings: DecodeSettings,
  format: ValueFormat | undefined,
  noteTime: ((time: unknown) => void) | undefined,
): (item: Item, into: MutableDecoded) => void {
  const items = itemsOf(settings);
  const pathOf = (path: FieldPath): ItemPath => fieldPath(path, items);
  const keyOf = keyReader(settings, format);
  const timeOf = itemTimeReader(settings, pathOf, noteTime);
  const numbers = numberReader(settings);
  const width = featureCountOf(settings);
  const shared = settings.features.map((path) => pathOf(path));
  const members =
    settings.series !== undefined && isPath(settings.series) ? pathOf(settings.series) : undefined;
  const named: readonly SeriesPaths[] = namedSeriesOf(settings)?.map(({ name, value, features }) => ({
    name,
    suffix: `/${escapeKeyPart(name)}`,
    value: pathOf(value),
    features: [...shared, ...features.map((path) => pathOf(path))],
  })) ?? [
    {
      name: "",
      suffix: "",
      value: pathOf(isOneNumber(settings) ? "" : settings.value),
      features: shared,
    },
  ];
  const isOnly = settings.series === undefined;
  const setting = isOnly ? "decode.value" : "decode.series";

  const featuresOf = (chain: Chain, paths: readonly ItemPath[]): readonly number[] => {
    const features = paths.map((path) => {
      const found = findIn(chain, path);
      return found === undefined ? NaN : numbers.read(found, `the feature at ${fieldText(path)}`);
    });
    while (features.length < width) features.push(NaN);
    return features;
  };

  const valueOf = (found: unknown): number => {
    const isNone = found === undefined || (settings.isCounted === true && !numbers.isNumber(found));
    return isNone ? NaN : numbers.read(found, "the value");
  };

  return ({ record, document, chain, item }, into) => {
    const label = (name: string): string => (item === "" || name === "" ? item + name : `${item}/${name}`);
    const refuse = (name: string, error: unknown): void => {
      if (!(error instanceof UndercurrentError)) throw error;
      into.refused.push({ series: label(name), error });
    };
    const count = (): void => {
      if (++into.count > settings.maxReadings) throw tooMany(settings.maxReadings);
    };
    let key: string;
    let time: number;
    try {
      key = keyOf(record, chain);
      time = timeOf(record, chain);
    } catch (error) {
      count();
      refuse("", error);
      return;
    }
    const take = (name: string, suffix: string, read: () => readonly [number, readonly number[]]): void => {
      try {
        const [value, features] = read();
        const series = label(name);
        const whole = suffix === "" ? key : readKey(key + suffix);
        into.readings.push({
          key: whole,
          time,
          value,
          features,
          document,
          record,
          ...(series !== "" && { series }),
        });
      } catch (error) {
        refuse(name, error);
      }
    };
    if (members !== undefined) {
      const found = findIn(chain, members);
      if (typeof found !== "object" || found === null) {
        count();
        refuse("", noValue(chain, members, setting));
        return;
      }
      let taken = 0;
      for (const [name, member] of Object.entries(found)) {
        count();
        if (!numbers.isNumber(member)) continue;
        taken++;
        take(name, `/${escapeKeyPart(name)}`, () => [
          numbers.read(member, "the value"),
          featuresOf(chain, shared),
        ]);
      }
      if (taken === 0) refuse("", noValue(chain, members, setting));
      return;
    }
    let present = 0;
    for (const { name, suffix, value: path, features } of named) {
      count();
      const found = findIn(chain, path);
      if (found === undefined && settings.absent === "skip") continue;
      present++;
      take(name, suffix, () => {
        if (found === undefined && settings.absent === "reject") throw noValue(chain, path, setting);
        return [valueOf(found), featuresOf(chain, features)];
      });
    }
    if (present > 0) return;
    const error = noValue(chain, named[0]!.value, setting);
    // Some items of a record may lack all series, as long as one has some.
    if (item !== "" && settings.absent === "skip") into.lacking ??= error;
    else refuse("", error);
  };
}

function noValue(chain: Chain, path: ItemPath, setting: string): UndercurrentError {
  return new UndercurrentError(
    "VALUE_NOT_A_NUMBER",
    `the record has no value at the path ${fieldText(path)} (${setting})${pathHint(chain, path)}`,
  );
}

function tooMany(most: number): UndercurrentError {
  return new UndercurrentError(
    "RECORD_UNREADABLE",
    `the record has more than ${most} readings (decode.maxReadings)`,
  );
}

function itemTimeReader(
  settings: DecodeSettings,
  pathOf: (path: FieldPath) => ItemPath,
  noteTime: ((time: unknown) => void) | undefined,
): (record: InputRecord, chain: Chain) => number {
  const { time } = settings;
  const read = timeReader(settings, decodeNames);
  const noting = (found: unknown): number => {
    noteTime!(found);
    return read(found);
  };
  const timeOf = noteTime === undefined ? read : noting;
  if (time === undefined) {
    if (settings.format !== "module") return recordTime;
    const own = pathOf("time");
    return (record, chain) => {
      const found = findIn(chain, own);
      return found === undefined ? recordTime(record) : timeOf(found);
    };
  }
  if (typeof time === "object" && "header" in time)
    return (record) => timeOf(headerText(record, time.header));
  if (typeof time === "object" && "window" in time) {
    const { keyWindow = "time" } = settings;
    return (record) => readTime(windowTime(record, keyWindow, time.window));
  }
  if (Array.isArray(time) && time.length > 1) {
    const parts = time.map((part) => pathOf(part));
    return (_, chain) => timeOf(parts.map((part) => timePart(findIn(chain, part), part)).join(" "));
  }
  const path = pathOf(Array.isArray(time) ? time[0]! : time);
  return (_, chain) => {
    const found = findIn(chain, path);
    if (found !== undefined) return timeOf(found);
    throw new UndercurrentError(
      "TIME_INVALID",
      `the time is missing: nothing is at the path ${fieldText(path)} (decode.time)${pathHint(chain, path)}`,
    );
  };
}

/** A part of a time that several fields make, as text. Throws TIME_INVALID. */
function timePart(found: unknown, path: ItemPath): string {
  if (typeof found === "string" && found.trim() !== "") return found.trim();
  if (typeof found === "number") return String(found);
  const what = typeof found === "object" && found !== null ? "no text or number" : "nothing";
  throw new UndercurrentError(
    "TIME_INVALID",
    `a part of the time is missing: ${what} is at the path ${fieldText(path)} (decode.time)`,
  );
}

/** Throws RECORD_SKIPPED for a document that `skip` names, or that `only` does not. */
function skipTest({ skip, only }: DecodeSettings): (document: unknown) => void {
  const choices = (list: DecodeSettings["skip"], name: string, isSkipped: boolean) =>
    list.map(({ field, in: values }) => ({
      path: pathNames(field),
      values: new Set<unknown>(values),
      name,
      isSkipped,
    }));
  const tests = [...choices(skip, "skip", true), ...choices(only, "only", false)];
  return (document) => {
    for (const { path, values, name, isSkipped } of tests) {
      const found = find(document, path);
      if (values.has(found) !== isSkipped) continue;
      throw new UndercurrentError("RECORD_SKIPPED", `${pathText(path)} is ${shown(found)} (decode.${name})`);
    }
  };
}

function shown(found: unknown): string {
  const text = found === undefined ? "absent" : JSON.stringify(found);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Checks a reading that an operator of the user's may have changed. Throws as a decoder does. */
export function checkReading(reading: Reading): void {
  readKey(reading.key);
  readTime(reading.time);
  readValue(reading.value);
  reading.features.forEach((feature, index) => readValue(feature, `feature ${index}`));
}

function recordTime({ timestamp }: InputRecord): number {
  if (timestamp === -1) throw new UndercurrentError("TIME_INVALID", "the record has no timestamp");
  return readTime(timestamp);
}
