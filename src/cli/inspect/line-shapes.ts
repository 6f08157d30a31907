/** Recognises texts of well-known tools that functions read, and names the example of each function. */
import { isUtf8 } from "node:buffer";
import { decodeText } from "../../pipeline/decode/document.js";
import type { InputRecord } from "../../pipeline/ports.js";
import { parsed } from "./values.js";

/** A form of values that no setting reads. */
interface LineShape {
  readonly title: string;
  /** Example under examples/topics whose function reads such values. */
  readonly example: string;
  readonly fits: (text: string) => boolean;
}

/** Texts are judged by their first characters: patterns take time in proportion to them. */
const longest = 4096;

/** Whether every line of a text that is not empty fits. */
const eachLine =
  (fits: (line: string) => boolean) =>
  (text: string): boolean => {
    const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
    return lines.length > 0 && lines.every((line) => fits(line.trim()));
  };

const isObject = (line: string): boolean => {
  const document = parsed(Buffer.from(line));
  return typeof document === "object" && document !== null;
};

const shapes: readonly LineShape[] = [
  {
    title: "JSON documents, one on each line",
    example: "json-lines",
    fits: (text) => text.trim().includes("\n") && eachLine(isObject)(text),
  },
  {
    title: "lines of StatsD",
    example: "statsd",
    fits: eachLine((line) => /^[^:|\s]+:[+-]?\d[\d.]*\|(?:c|g|ms|h|s|d|m)(?:\|\S*)*$/.test(line)),
  },
  {
    title: "InfluxDB's line protocol",
    example: "line-protocol",
    fits: eachLine((line) => /^[^\s={"<]+(?:,[^\s=]+=[^\s=]+)* [^\s=<]+=[^\s<]+(?: -?\d+)?$/.test(line)),
  },
  {
    title: "metrics in Prometheus' text format",
    example: "prometheus-text",
    fits: eachLine((line) => /^[a-z_:][\w:]*(?:\{[^}]*\})? [+-]?[\d.]+(?:e[+-]?\d+)?(?: \d+)?$/i.test(line)),
  },
  {
    title: "pairs name=value, as logfmt writes them",
    example: "logfmt",
    fits: eachLine((line) => {
      const tokens = line.split(" ").filter((token) => token !== "");
      const pairs = tokens.filter((token) => /^[\w.-]+=/.test(token));
      return (
        pairs.length >= 2 &&
        /^[\w.-]+=/.test(tokens[0]!) &&
        (pairs.length === tokens.length || line.includes('="'))
      );
    }),
  },
  {
    title: "columns in quotes",
    example: "quoted-columns",
    fits: (text) => /^"[^"]*"[,;\t|]|[,;\t|]"[^"]*"$/.test(text.trim()),
  },
];

/** Share of values that must fit. */
const most = 0.9;

/** Returns what most values are, and the example that reads them; undefined for values of no known form. */
export function lineShapeOf(
  records: readonly InputRecord[],
): Pick<LineShape, "title" | "example"> | undefined {
  const values = records.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length === 0) return undefined;
  const packed = values.filter((value) => value[0] === 0x1f && value[1] === 0x8b);
  if (packed.length > most * values.length) return { title: "gzipped", example: "gzip" };
  const texts = values.flatMap((value) => (isUtf8(value) ? [decodeText(value).slice(0, longest)] : []));
  return shapes.find(({ fits }) => texts.filter(fits).length > most * values.length);
}
