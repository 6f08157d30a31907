/** Reads values that are one number in binary, as the serializers of Kafka's Java clients write them. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { BinaryNumberFormat } from "../../decode-settings.js";

interface BinaryNumber {
  readonly bytes: number;
  readonly read: (view: DataView) => number;
}

/** Formats of `decode.format` that are one big-endian number. */
const binaryNumbers: Readonly<Record<BinaryNumberFormat, BinaryNumber>> = {
  int32: { bytes: 4, read: (view) => view.getInt32(0) },
  int64: { bytes: 8, read: (view) => Number(view.getBigInt64(0)) },
  float32: { bytes: 4, read: (view) => view.getFloat32(0) },
  float64: { bytes: 8, read: (view) => view.getFloat64(0) },
};

/** Returns the number of a value; infinite and NaN as they are. Throws RECORD_UNREADABLE. */
export function readBinaryNumber(value: Uint8Array, format: BinaryNumberFormat): number {
  const { bytes, read } = binaryNumbers[format];
  if (value.length === bytes) return read(new DataView(value.buffer, value.byteOffset, bytes));
  throw new UndercurrentError(
    "RECORD_UNREADABLE",
    `the record's value has ${value.length} bytes, and ${format} has ${bytes} (decode.format)`,
  );
}

/** Largest integer and range of numbers with fractions that a measure is likely to have. */
const [largestInteger, smallest, largest] = [2 ** 53, 1e-9, 1e15];

/** Returns the format that values of this size are likely to have; undefined unless it fits all of them. */
export function likelyBinaryNumber(values: readonly Uint8Array[]): BinaryNumberFormat | undefined {
  const fits = (format: BinaryNumberFormat, isLikely: (value: number) => boolean): boolean =>
    values.length > 0 &&
    values.every(
      (value) => value.length === binaryNumbers[format].bytes && isLikely(readBinaryNumber(value, format)),
    );
  const isFraction = (value: number): boolean =>
    value === 0 || Number.isNaN(value) || (Math.abs(value) >= smallest && Math.abs(value) <= largest);
  if (fits("float64", isFraction)) return fits("int64", (value) => value === 0) ? "int64" : "float64";
  if (fits("int64", (value) => Math.abs(value) <= largestInteger)) return "int64";
  if (fits("float32", isFraction)) return fits("int32", (value) => value === 0) ? "int32" : "float32";
  return fits("int32", () => true) ? "int32" : undefined;
}
