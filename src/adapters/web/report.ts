/** The page of a backtest as one document that needs nothing else: template, script and style from the build, and data. */
import { readPageFile } from "./assets.js";
import type { ReportData } from "./report-data.js";

/** Where the data go in the template. */
const place = "<!--data-->";

/** What could end the script element, open a comment in it, or end a line in old parsers. */
const unsafe = /[<>&\u2028\u2029]/g;

/** The document. Throws PAGE_MISSING where the page has not been built. */
export function renderReport(data: ReportData): string {
  const [head, ...tail] = readPageFile("report.html").split(place);
  const element = `<script id="data" type="application/json">${embeddable(data)}</script>`;
  return [head, element, tail.join(place)].join("");
}

/** JSON that means the same inside an HTML element and cannot leave it, whatever its texts are. */
export function embeddable(data: unknown): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(data).replace(unsafe, escape);
}
