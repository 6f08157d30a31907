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
 * @param optional names of callbacks that may be left out
 * @throws SETTING_INVALID with the name of the first that is no function.
 */
export function requireFunctions(
  options: object,
  required: readonly string[],
  optional: readonly string[],
): void {
  const given = options as Readonly<Record<string, unknown>>;
  const wrong =
    required.find((name) => typeof given[name] !== "function") ??
    optional.find((name) => given[name] !== undefined && typeof given[name] !== "function");
  if (wrong !== undefined) throw invalid(`${wrong}: expected a function`);
}

/** Checks a list of callbacks. Throws SETTING_INVALID. */
export function requireFunctionList(name: string, list: unknown): void {
  if (!Array.isArray(list)) throw invalid(`${name}: expected a list of functions`);
  const wrong = list.findIndex((item) => typeof item !== "function");
  if (wrong >= 0) throw invalid(`${name}.${wrong}: expected a function`);
}

function invalid(message: string): UndercurrentError {
  return new UndercurrentError("SETTING_INVALID", message);
}
