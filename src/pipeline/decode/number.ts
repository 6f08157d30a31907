/** Reads numbers of a document, and texts that are one number. */
import { withHint } from "../../errors/errors.js";
import { readValue } from "../../forecast/input.js";
import type { DecodeSettings } from "../decode-settings.js";
import {
  decodeNumberNames,
  booleanHint,
  missingTexts,
  numberTextHint,
  textNumberReader,
  wordReader,
  type NumberOptionNames,
} from "./number-text.js";

/** Reads numbers of a document. */
export interface NumberReader {
  /** Throws VALUE_NOT_A_NUMBER or VALUE_OUT_OF_RANGE, and calls the number `what` then. */
  readonly read: (found: unknown, what: string) => number;
  /** Whether something is meant as a number, or as a missing one. */
  readonly isNumber: (found: unknown) => boolean;
}

type NumberSettings = Pick<DecodeSettings, "missing" | "numbersInText" | "format" | "decimal" | "valueUnit"> &
  Partial<Pick<DecodeSettings, "words">>;

/** Whether texts may be numbers. */
export function takesNumberTexts({ numbersInText, format, decimal, valueUnit }: NumberSettings): boolean {
  return numbersInText || format === "text" || format === "number" || decimal === "," || valueUnit.length > 0;
}

export function numberReader(
  settings: NumberSettings,
  names: NumberOptionNames = decodeNumberNames,
): NumberReader {
  const takesText = takesNumberTexts(settings);
  const isMissing = missingTexts(settings.missing);
  const numberOf = textNumberReader(settings);
  const wordOf = wordReader(settings.words ?? {});
  const plain = (found: unknown): unknown => {
    if (typeof found === "boolean") return wordOf(String(found)) ?? found;
    if (typeof found !== "string") return found;
    if (isMissing(found)) return NaN;
    return wordOf(found) ?? (takesText ? (numberOf(found) ?? found) : found);
  };
  return {
    read: (found, what) =>
      withHint(
        () => readValue(plain(found), what),
        () => {
          if (typeof found === "boolean") return booleanHint(names);
          return typeof found === "string" ? numberTextHint(found, settings.decimal, names, takesText) : "";
        },
      ),
    isNumber: (found) => found === null || typeof plain(found) === "number",
  };
}
