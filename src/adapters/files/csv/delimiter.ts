/** The delimiter of a CSV file, from its first lines. */

const others = [";", "\t"] as const;

/** What messages call a delimiter. */
export function delimiterName(delimiter: string): string {
  return delimiter === "\t" ? "tabs (--delimiter tab)" : `${delimiter} (--delimiter "${delimiter}")`;
}

/**
 * The comma, or a semicolon or tab where the header has them and no comma, or as many as the next line while the commas of
 * the two lines differ in number. Where the comma is the decimal mark, it separates no cells beside them.
 */
export function detectDelimiter(header: string, next: string | undefined, decimal: string): string {
  const commas = count(header, ",");
  const found = others
    .map((delimiter) => ({ delimiter, times: count(header, delimiter) }))
    .sort((a, b) => b.times - a.times)[0]!;
  if (found.times === 0) return ",";
  if (commas === 0 || decimal === ",") return found.delimiter;
  if (next === undefined || count(next, ",") === commas) return ",";
  return count(next, found.delimiter) === found.times ? found.delimiter : ",";
}

/** How often a character comes outside quotation marks. */
function count(line: string, character: string): number {
  return line.replace(/"[^"]*"?/g, "").split(character).length - 1;
}
