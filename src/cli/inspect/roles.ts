/** Guesses what fields are for: times, keys and measures. */
import { likelyWords } from "../../pipeline/decode/number-text.js";
import { timeFormatParser } from "../../pipeline/times/format.js";
import type { TimeUnit } from "../../pipeline/times/epoch.js";
import type { Field, Fields } from "./fields.js";
import type { Shape } from "./shapes.js";

/** Share of a field's values that must look alike. */
const most = 0.9;

const ofTime = /time|date|stamp|(^|[_-])(ts|at|when|created|updated|epoch)([_-]|$)|[a-z](At|Ts)$/i;
/** Names that are times whatever the records' timestamps are, such as those of history that was loaded. */
const ofEventTime =
  /^(@?timestamp|time|ts|t|at|date|datetime|event_?time|occurred_?at|created_?at|measured_?at)$/i;
const ofNumberedThing =
  /(^|[_.-])(id|uuid|guid|key|code|version|schema|seq|sequence|offset|partition|pid|xid|oid|zip|port|lsn|fcnt|f_cnt)$|[a-z](Id|ID|Uuid|Key|Code|Version|Seq|Sequence|SequenceNumber|Offset)$|^SequenceNumber$/;
const ofThing =
  /sensor|device|machine|host|pump|meter|station|vehicle|asset|unit|node|instance|symbol|ticker|account|customer|user|page|route|endpoint|product|sku|service|site|name|id$/i;

export interface TimeField {
  readonly field: Field;
  /** Of numbers. */
  readonly unit: TimeUnit | undefined;
  /** Of texts that are not in ISO 8601. */
  readonly format?: string;
}

/** The array whose items are the readings; undefined if the documents are. */
export function arrayOf(fields: Fields, { array, within }: Shape, likely?: string): string | undefined {
  if (array !== undefined) return array;
  const measuresAt = (path: string | undefined): readonly Field[] => measuresIn(fields, path, within);
  if (likely !== undefined && measuresAt(likely).length > 0) return likely;
  const own = measuresAt(undefined);
  if (own.some((field) => !isConstant(field))) return undefined;
  const isChanging = (path: string): boolean => measuresAt(path).some((field) => !isConstant(field));
  const inner = fields.arrays.find(isChanging);
  if (inner !== undefined || own.length > 0) return inner;
  return fields.arrays.find((path) => measuresAt(path).length > 0);
}

/** Whether a number never changes, as far as is known. */
export function isConstant({ min, max, present }: Field): boolean {
  return min === max && present >= 20;
}

/** Returns the times among fields, the likeliest first. */
export function timesIn(fields: Fields, array: string | undefined): readonly TimeField[] {
  return inScope(fields, array)
    .flatMap((field) => timeOf(field) ?? [])
    .sort((a, b) => rank(b.field, array) - rank(a.field, array));
}

/** A date and a time of day in fields beside one another. */
export interface SplitTime {
  readonly day: Field;
  readonly clock: Field;
}

const ofDay = /date|datum|fecha|(^|[_-])(day|tag|dia|jour|giorno)([_-]|$)|^column\d+$/i;

/** Returns a date and a time of day that are a time together; undefined if there are none. */
export function splitTimeIn(fields: Fields, array: string | undefined): SplitTime | undefined {
  const all = inScope(fields, array);
  const parentOf = ({ names }: Field): string => names.slice(0, -1).join(".");
  for (const day of all) {
    if (!isMostly(day, day.days) || (timeOf(day) === undefined && !ofDay.test(day.name))) continue;
    const clock = all.find(
      (other) =>
        isMostly(other, other.clocks) && other.array === day.array && parentOf(other) === parentOf(day),
    );
    if (clock !== undefined) return { day, clock };
  }
  return undefined;
}

function isMostly({ present }: Field, count: number): boolean {
  return count >= most * present && count > 0;
}

/** Names of what was before. */
const ofBefore = /^(old|old_state|oldValue|before|previous|prev)$/i;

function isBefore({ names }: Field): boolean {
  return names.some((name) => ofBefore.test(name));
}

function rank(field: Field, array: string | undefined): number {
  const near = field.near >= most * field.present ? 4 : 0;
  const now = isBefore(field) ? 0 : 8;
  return now + near + (ofEventTime.test(field.name) ? 2 : 0) + (field.array === array ? 1 : 0);
}

/** Returns the field as a time; undefined unless its values and its name, or its nearness to the records, say so. */
function timeOf(field: Field): TimeField | undefined {
  const enough = most * field.present;
  if (ofNumberedThing.test(field.name)) return undefined;
  const isNear = field.near >= enough / 2;
  const isPlaceable = isNear || field.unplaced >= enough / 2;
  // The first cell of a row without names is often its time.
  const isNamed =
    ofEventTime.test(field.name) || field.name === "0" || (isPlaceable && ofTime.test(field.name));
  if (field.times >= enough) return isNear || isNamed ? { field, unit: undefined } : undefined;
  const epochs = [...field.units].sort(([, a], [, b]) => b - a);
  const [first] = epochs;
  const all = epochs.reduce((sum, [, count]) => sum + count, field.times);
  // Times of one unit are read beside those in ISO 8601. Times in two units are still times.
  if (first !== undefined && all >= enough) {
    const isTime = isNamed || field.near >= enough;
    if (isTime && (epochs.length === 1 || isNamed)) return { field, unit: first[0] };
  }
  const format = formatOf(field);
  if (format === undefined) return undefined;
  const hasClock = /[Hh]/.test(format);
  const isDate = ofEventTime.test(field.name) || ofTime.test(field.name) || ofDay.test(field.name);
  return hasClock || isDate ? { field, unit: undefined, format } : undefined;
}

/** Returns the format of most texts of a field: of day and month the order that reads them all. */
function formatOf({ formats, present, values }: Field): string | undefined {
  const known = [...formats].sort(([, a], [, b]) => b - a);
  const all = known.reduce((sum, [, count]) => sum + count, 0);
  const [first] = known;
  if (first === undefined || all < most * present) return undefined;
  const texts = [...values];
  const readBy = (format: string): number => {
    const parse = timeFormatParser(format);
    return texts.filter((text) => !Number.isNaN(parse(text.trim()))).length;
  };
  const [best] = known.map(([format]) => [format, readBy(format)] as const).sort(([, a], [, b]) => b - a);
  return best![0];
}

/** Whether values are times, or look like them, so that they are no measure. */
function isTime(field: Field): boolean {
  const { name, units, present, min, max, near } = field;
  // Days as numbers, such as 20260301.
  if (ofTime.test(name) && min >= 19_000_101 && max <= 21_001_231) return true;
  const epochs = [...units].filter(([unit]) => unit !== "s" || near >= most * present);
  if (epochs.some(([, count]) => count >= most * present)) return true;
  return (
    timeOf(field) !== undefined ||
    (ofTime.test(field.name) && (field.times > 0 || field.units.size > 0 || field.formats.size > 0))
  );
}

/** Returns the measures: numbers, or texts of numbers, that are no times and number no things. */
export function measuresIn(fields: Fields, array: string | undefined, within: string): readonly Field[] {
  const prefix = within === "" ? "" : `${within}.`;
  return fields.list().filter((field) => {
    const { path, numbers, numberTexts, texts, objects, present } = field;
    const measured = numbers + numberTexts;
    if (field.array !== array || (path !== within && !path.startsWith(prefix))) return false;
    if (measured < most * (numbers + texts) || measured === 0 || objects > 0) return false;
    if (present < 0.05 * fields.countOf(array)) return false;
    return !isTime(field) && !isNumbering(field);
  });
}

/** Returns the measures without those of what was before, where there are others. */
export function currentMeasures(measures: readonly Field[]): readonly Field[] {
  const current = measures.filter((field) => !isBefore(field));
  return current.length === 0 ? measures : current;
}

function isNumbering({ name, integers, numberTexts, present }: Field): boolean {
  return ofNumberedThing.test(name) && integers + numberTexts >= most * present;
}

export interface KeyField {
  readonly field: Field;
  /** Whether its name is that of a thing. */
  readonly isNamed: boolean;
}

/** Returns what could be keys, the likeliest first: texts and ids of which several values come again. */
export function keysIn(fields: Fields, array: string | undefined): readonly KeyField[] {
  const count = fields.countOf(array);
  return fields
    .list()
    .filter((field) => {
      const { present, texts, numberTexts, values } = field;
      if (field.array !== array || present < most * count || isTime(field)) return false;
      if (isMostly(field, field.days) || isMostly(field, field.clocks)) return false;
      const isName = texts >= most * present && (numberTexts < most * present || isNumbering(field));
      if (!isName && !isNumbering(field)) return false;
      if (texts > 0 && likelyWords([...values]) !== undefined) return false;
      return values.size > 1 && (count < 20 || values.size <= count / 2);
    })
    .map((field) => ({ field, isNamed: ofThing.test(field.name) }))
    .sort((a, b) => Number(b.isNamed) - Number(a.isNamed) || b.field.values.size - a.field.values.size);
}

/** Names of the one number of a record that holds one of several measures. */
const ofAnyMeasure = /^(value|val|v|reading|data|number|num)$/i;
/** Names of the field that says which measure it is. */
const ofMeasureName =
  /^(metric|measure|measurement|parameter|param|property|quantity|signal|variable|channel|tag|point|type|kind|name)([_-]?(name|type))?$/i;

/** Returns the fields that could say which measure a record's only number is. */
export function measureNamesIn(fields: Fields, array: string | undefined, within: string): readonly Field[] {
  const [only, ...more] = measuresIn(fields, array, within);
  if (only === undefined || more.length > 0 || !ofAnyMeasure.test(only.name)) return [];
  return keysIn(fields, array)
    .map(({ field }) => field)
    .filter(({ name, values }) => ofMeasureName.test(name) && values.size <= 64);
}

function inScope(fields: Fields, array: string | undefined): readonly Field[] {
  const around = arraysAround(fields, array);
  return fields.list().filter((field) => field.array === undefined || around.includes(field.array));
}

/** Returns the arrays on the way to the items of an array, which is the last of them. */
export function arraysAround(fields: Fields, array: string | undefined): readonly string[] {
  if (array === undefined) return [];
  const isAround = (other: string): boolean => other === "" || `${array}.`.startsWith(`${other}.`);
  return fields.arrays.filter(isAround).sort((a, b) => a.length - b.length);
}
