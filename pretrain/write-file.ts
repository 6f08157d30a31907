/** Writes trained weights as a module of the package. */
import { crc32 } from "../src/forecast/encoding/checksum.js";
import type { Halves } from "../src/forecast/encoding/halves.js";
import { toHalf } from "./half.js";

const charactersPerLine = 108;

/** Weights as the package holds them. */
export function packed(weights: ArrayLike<number>): Halves {
  const bytes = new Uint8Array(2 * weights.length);
  const halves = new DataView(bytes.buffer);
  for (let i = 0; i < weights.length; i++) halves.setUint16(2 * i, toHalf(weights[i]!), true);
  return { checksum: crc32(bytes), weights: Buffer.from(bytes).toString("base64") };
}

/** Source of a module that holds a file under a name, of a type in another module. */
export function moduleOf(
  { weights, ...file }: Halves,
  { name, type, from }: { readonly name: string; readonly type: string; readonly from: string },
): string {
  const lines = weights.match(new RegExp(`.{1,${charactersPerLine}}`, "g")) ?? [];
  return `/** Trained weights of ${name}, written by \`npm run pretrain\`. They never change: other weights get another identity. */
import type { ${type} } from "${from}";

export const ${name}: ${type} = {
${Object.entries(file)
  .map(([key, value]) => `  ${key}: ${JSON.stringify(value)},`)
  .join("\n")}
  weights: [
${lines.map((line) => `    "${line}",`).join("\n")}
  ].join(""),
};
`;
}
