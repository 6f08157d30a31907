/** Writes trained weights as a module of the package. */
import { crc32 } from "../src/forecast/encoding/checksum.js";
import type { Halves } from "../src/forecast/encoding/halves.js";
import { signedHalf } from "./half.js";

const charactersPerLine = 108;

/** Weights as the package holds them. */
export function packed(weights: ArrayLike<number>): Halves {
  const bytes = new Uint8Array(2 * weights.length);
  const halves = new DataView(bytes.buffer);
  for (let i = 0; i < weights.length; i++) halves.setUint16(2 * i, signedHalf(weights[i]!), true);
  return { checksum: crc32(bytes), weights: Buffer.from(bytes).toString("base64") };
}

/** Source of a module that holds a file under a name, of a type in another module. */
export function moduleOf(
  file: Halves,
  { name, type, from }: { readonly name: string; readonly type: string; readonly from: string },
): string {
  // The weights come last, behind all that a reader may look for.
  const { weights, ...rest } = file;
  return `/** Trained weights of ${name}, written by \`npm run pretrain\`. They never change: other weights get another identity. */
import type { ${type} } from "${from}";

export const ${name}: ${type} = ${literal({ ...rest, weights }, "")};
`;
}

/** A value as the source of a literal, formatted as the repository is; long texts are in lines. */
function literal(value: unknown, indent: string): string {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => `${deeper}${literal(item, deeper)},\n`);
    return items.length === 0 ? "[]" : `[\n${items.join("")}${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(
      ([key, each]) => `${deeper}${key}: ${literal(each, deeper)},\n`,
    );
    return `{\n${entries.join("")}${indent}}`;
  }
  if (typeof value !== "string" || value.length <= charactersPerLine) return JSON.stringify(value);
  const lines = value.match(new RegExp(`.{1,${charactersPerLine}}`, "g")) ?? [];
  return `[\n${lines.map((line) => `${deeper}"${line}",\n`).join("")}${indent}].join("")`;
}
