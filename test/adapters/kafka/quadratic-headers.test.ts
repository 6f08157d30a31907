// The patched decoder of records, against the client's own.
import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  headersByName,
  patchQuadraticHeaders,
} from "../../../src/adapters/kafka/kafkajs/patches/quadratic-headers.js";

const load = createRequire(import.meta.url);
type Decode = (bytes: object, batch: object) => object;
const path = "kafkajs/src/protocol/recordBatch/record/v0/decoder.js";
const original = load(path) as Decode;
patchQuadraticHeaders();
const patched = load(path) as Decode;
const encode = load("kafkajs/src/protocol/recordBatch/record/v0/index.js") as (record: object) => {
  readonly buffer: Buffer;
};
const Decoder = load("kafkajs/src/protocol/decoder.js") as new (bytes: Buffer) => { readVarInt(): number };

const bytes = fc.uint8Array({ maxLength: 20 }).map((some) => Buffer.from(some));

test("a record is decoded as the client does, where no header is named like what objects inherit", () => {
  const record = fc.record({
    offsetDelta: fc.nat(2 ** 30),
    timestampDelta: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.dictionary(
      fc.string().filter((name) => !(name in {})),
      fc.array(bytes, { minLength: 1, maxLength: 4 }),
    ),
  });
  const batch = fc.record({
    firstOffset: fc.bigInt({ min: 0n, max: 2n ** 60n }).map(String),
    firstTimestamp: fc.bigInt({ min: -1n, max: 2n ** 50n }).map(String),
    maxTimestamp: fc.bigInt({ min: 0n, max: 2n ** 50n }).map(String),
    timestampType: fc.constantFrom(0, 1),
    magicByte: fc.constant(2),
    isControlBatch: fc.option(fc.boolean(), { nil: undefined }),
  });
  fc.assert(
    fc.property(record, batch, (sent, context) => {
      const { buffer } = encode(sent);
      const decoded = [original, patched].map((decode) => {
        const decoder = new Decoder(buffer);
        decoder.readVarInt();
        return decode(decoder, context);
      });
      expect(decoded[1]).toEqual(decoded[0]);
    }),
  );
});

test("the values of a name keep their order, and every name is one's own", () => {
  const named = (key: string, text: string): { key: string; value: Buffer } => ({
    key,
    value: Buffer.from(text),
  });
  const names = ["__proto__", "constructor", "toString", "h", "0"];
  const headers = headersByName([
    ...names.map((name) => named(name, "first")),
    ...names.map((name) => named(name, "second")),
    named("once", "only"),
    { key: "null", value: null },
  ]);
  expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  expect(Object.keys(headers).toSorted()).toEqual([...names, "once", "null"].toSorted());
  for (const name of names) expect([headers[name]].flat().map(String)).toEqual(["first", "second"]);
  expect(String(headers["once"])).toBe("only");
  expect(headers["null"]).toBeNull();
});
