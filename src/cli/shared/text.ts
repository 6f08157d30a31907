/** Formats text and numbers for a terminal. */

/** Control, format and unpaired characters, which could move the cursor, hide text or change its direction. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;

/** Makes text from data safe to print: one line, without control characters, cut to a length. */
export function plainText(text: string, longest = 240): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return cut.replace(unprintable, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** Formats a number with four significant digits; "–" if it is not finite. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return value.toExponential(3);
  return size >= 1000 ? Math.round(value).toLocaleString("en") : value.toPrecision(4);
}

/** A ratio with three decimals and its sign, as skills are. */
export function signedRatio(value: number): string {
  return Number.isFinite(value) ? `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}` : "–";
}

/** A ratio with three decimals. */
export function ratio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : "–";
}

/** Formats a count with thousands separators. */
export function whole(value: number): string {
  return value.toLocaleString("en");
}
