/** Checks the settings of the symbol forecaster and fills in their defaults. */
import { refuseRenamed, renamedSymbolOptions } from "../../errors/library.js";
import { checkedSettings } from "../settings.js";
import { symbolRanges, symbolShape, type SymbolForecasterOptions, type SymbolSettings } from "./options.js";

export type { SymbolForecasterOptions, SymbolSettings };

/**
 * Checks options and fills in the defaults.
 *
 * @param options Settings of the symbol forecaster.
 * @returns The complete settings.
 * @throws SETTING_INVALID with the name and range of the first invalid setting.
 *
 * @example
 * ```ts
 * const settings = symbolSettings({ maxSymbols: 1024 });
 * settings.cell; // "lstm"
 * ```
 */
export function symbolSettings(options: SymbolForecasterOptions = {}): SymbolSettings {
  refuseRenamed(renamedSymbolOptions, options);
  return checkedSettings(symbolShape, options, symbolRanges) as SymbolSettings;
}
