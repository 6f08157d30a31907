/** Reads texts of a document that are JSON documents themselves, so that paths lead through them. */
import { UndercurrentError } from "../../../errors/errors.js";
import { pathNames, type DecodeSettings } from "../../decode-settings.js";
import { parseJsonText } from "./json-text.js";
import { replaceAt } from "./replace.js";

/**
 * Returns a function that replaces texts of a document by the JSON in them, and returns the document; undefined if the settings
 * name none. The function throws RECORD_UNREADABLE for a text that is no JSON, or RECORD_SKIPPED with `absent: skip`.
 */
export function jsonTextReader({
  jsonInText,
  absent,
}: Pick<DecodeSettings, "jsonInText" | "absent">): ((document: unknown) => unknown) | undefined {
  if (jsonInText.length === 0) return undefined;
  const paths = jsonInText.map(pathNames);
  return (document) => {
    let whole = document;
    for (const names of paths) {
      const read = (found: unknown): unknown =>
        typeof found === "string" ? parsed(found, names, absent) : found;
      if (names.length === 0) whole = read(whole);
      else replaceAt(whole, names, read);
    }
    return whole;
  };
}

function parsed(text: string, names: readonly string[], absent: DecodeSettings["absent"]): unknown {
  try {
    return parseJsonText(text);
  } catch (cause) {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
    throw new UndercurrentError(
      absent === "skip" ? "RECORD_SKIPPED" : "RECORD_UNREADABLE",
      `the text at the path ${JSON.stringify(names.join("."))} is not JSON: ${shown} (decode.jsonInText)`,
      { cause },
    );
  }
}
