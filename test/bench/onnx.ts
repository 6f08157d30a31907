/** A GRU with its read-out as an ONNX model: the few messages of its protobuf schema (onnx.proto3) that this takes. */

type Field = readonly [number: number, value: number | Uint8Array | string];

const wireVarint = 0;
const wireBytes = 2;

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

/** A message of its fields, in order; numbers are varints. */
function message(...fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === "number")
        return Buffer.from([...varint(number * 8 + wireVarint), ...varint(value)]);
      const bytes = Buffer.from(value);
      return Buffer.concat([
        Buffer.from([...varint(number * 8 + wireBytes), ...varint(bytes.length)]),
        bytes,
      ]);
    }),
  );
}

const float = 1;
const integerAttribute = 2;

function tensor(name: string, dimensions: readonly number[], values: Float32Array): Uint8Array {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return message(...dimensions.map((size): Field => [1, size]), [2, float], [8, name], [9, raw]);
}

function value(name: string, dimensions: readonly number[]): Uint8Array {
  const shape = message(...dimensions.map((size): Field => [1, message([1, size])]));
  return message([1, name], [2, message([1, message([1, float], [2, shape])])]);
}

function node(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...more: Field[]
): Uint8Array {
  const named = (number: number, names: readonly string[]): Field[] => names.map((name) => [number, name]);
  return message(...named(1, inputs), ...named(2, outputs), [4, type], ...more);
}

const integer = (name: string, i: number): Field => [5, message([1, name], [3, i], [20, integerAttribute])];

/** Row-major [rows, columns], transposed. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}

/**
 * One step of `rows` rows: x [1, rows, inputs] and h [1, rows, hidden] to next [1, rows, hidden] and readouts
 * [rows, 1]. The weights are those of the engine port, flat: kernel [I, 3H], recurrent [H, 3H], bias [2, 3H], read-out
 * [H], its offset; the gates in the order z, r, n, which is ONNX' too.
 */
export function onnxGru(weights: Float32Array, rows: number, inputs: number, hidden: number): Uint8Array {
  const width = 3 * hidden;
  const recurrentAt = inputs * width;
  const biasAt = recurrentAt + hidden * width;
  const readoutAt = biasAt + 2 * width;
  const graph = message(
    [
      1,
      node(
        "GRU",
        ["x", "W", "R", "B", "", "h"],
        ["", "next"],
        integer("hidden_size", hidden),
        integer("linear_before_reset", 1),
      ),
    ],
    [1, node("Reshape", ["next", "flat"], ["rows"])],
    [1, node("Gemm", ["rows", "readout", "offset"], ["readouts"])],
    [2, "gru"],
    [5, tensor("W", [1, width, inputs], transposed(weights.subarray(0, recurrentAt), inputs, width))],
    [5, tensor("R", [1, width, hidden], transposed(weights.subarray(recurrentAt, biasAt), hidden, width))],
    [5, tensor("B", [1, 2 * width], weights.slice(biasAt, readoutAt))],
    [5, tensor("readout", [hidden, 1], weights.slice(readoutAt, readoutAt + hidden))],
    [5, tensor("offset", [1], weights.slice(readoutAt + hidden, readoutAt + hidden + 1))],
    [5, shapeTensor("flat", [rows, hidden])],
    [11, value("x", [1, rows, inputs])],
    [11, value("h", [1, rows, hidden])],
    [12, value("next", [1, rows, hidden])],
    [12, value("readouts", [rows, 1])],
  );
  const [irVersion, opset] = [8, 17];
  return message([1, irVersion], [7, graph], [8, message([1, ""], [2, opset])]);
}

function shapeTensor(name: string, sizes: readonly number[]): Uint8Array {
  const int64 = 7;
  const raw = new Uint8Array(BigInt64Array.from(sizes.map(BigInt)).buffer);
  return message([1, sizes.length], [2, int64], [8, name], [9, raw]);
}
