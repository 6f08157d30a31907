/** Checks options that are not settings: callbacks, and options of another function. */
import { UndercurrentError } from "./undercurrent-error.js";

/**
 * Refuses options that this function would ignore.
 *
 * @param instead what to use here, by the name of the option
 * @throws SETTING_INVALID with the name of the first that is given.
 */
export function refuseMisplaced(options: object, instead: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined || !Object.hasOwn(instead, name)) continue;
    throw invalid(`${name}: not an option of this function; ${instead[name]!}`);
  }
}

/**
 * Checks callbacks before the first event needs them.
 *
 * @param required names of callbacks that read a field of an event
 * @param optional names of callbacks that may be left out
 * @throws SETTING_INVALID with the name of the first that is no function.
 */
export function requireFunctions(
  options: object,
  required: readonly string[],
  optional: readonly string[],
): void {
  const given = options as Readonly<Record<string, unknown>>;
  for (const name of required) {
    if (typeof given[name] === "function") continue;
    throw invalid(
      `${name}: expected a function such as (event) => event.${name}, found ${textOf(given[name])}`,
    );
  }
  for (const name of optional) {
    const value = given[name];
    if (value === undefined || typeof value === "function") continue;
    if (name === "engine") throw invalid(`engine: ${engineText(value)}`);
    throw invalid(`${name}: expected a function, found ${textOf(value)}`);
  }
}

/** What to give in place of an engine that is none. */
function engineText(value: unknown): string {
  if (value === "wasm") return "leave it out for the engine wasm, which is the default";
  const factory = "expected a factory, such as `await loadTfjsEngine()` of undercurrent-forecast/tfjs";
  return `${factory}; found ${textOf(value)}`;
}

/** Checks that options are given at all. Throws SETTING_INVALID. */
export function requireOptions(
  options: unknown,
  what = "an object with functions such as key and time",
): void {
  if (isRecord(options)) return;
  throw invalid(`options: expected ${what}, found ${textOf(options)}`);
}

/**
 * Checks the options of a method, which JavaScript would ignore under another name.
 *
 * @param example how the options are written, with all their names
 * @throws TypeError with the example.
 */
export function requireNamed(
  method: string,
  options: unknown,
  { names, example }: { readonly names: readonly string[]; readonly example: string },
): void {
  const other = isRecord(options) ? Object.keys(options).find((name) => !names.includes(name)) : undefined;
  if (isRecord(options) && other === undefined) return;
  throw new TypeError(`${method}: expected options such as ${example}, found ${other ?? textOf(options)}`);
}

function isRecord(options: unknown): options is object {
  return typeof options === "object" && options !== null && !Array.isArray(options);
}

/** A short text of a value that is not what was expected. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "object") return Array.isArray(value) ? "an array" : "an object";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return `a ${typeof value}`;
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}

/** Checks a list of callbacks. Throws SETTING_INVALID. */
export function requireFunctionList(name: string, list: unknown): void {
  if (!Array.isArray(list)) throw invalid(`${name}: expected a list of functions, found ${textOf(list)}`);
  const wrong = list.findIndex((item) => typeof item !== "function");
  if (wrong >= 0) throw invalid(`${name}.${wrong}: expected a function, found ${textOf(list[wrong])}`);
}

function invalid(message: string): UndercurrentError {
  return new UndercurrentError("SETTING_INVALID", message);
}
