/** Parses JSON as programs write it: with a byte order mark, and with NaN where a number is missing. */

/**
 * Returns the parsed document. NaN, which Python's json.dumps writes, is null. Throws a SyntaxError for other text that is no
 * JSON. Time is linear in the text.
 *
 * @example
 * ```ts
 * parseJsonText('{"celsius": NaN}'); // { celsius: null }
 * ```
 */
export function parseJsonText(text: string): unknown {
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  try {
    return JSON.parse(json);
  } catch (cause) {
    if (!json.includes("NaN")) throw cause;
    return JSON.parse(
      json.replaceAll(/"(?:[^"\\]|\\[^])*"|[\w.+-]+/g, (token) => (token === "NaN" ? "null" : token)),
    );
  }
}

/** Says what keeps a text from being JSON; empty if nothing is known. */
export function jsonHint(text: string): string {
  return /[:,[]\s*-?Infinity\b/.test(text) ? "; it holds Infinity, which JSON does not have" : "";
}
