// Hostile records cost time linear in their bytes, from the bytes of a fetch to the bytes of what is committed.
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { compressionTypes } from "../../src/adapters/kafka/kafkajs/codecs.js";
import { compressions } from "../../src/adapters/kafka/options.js";
import type { RecordHeader } from "../../src/pipeline/ports.js";
import type { PipelineOptions } from "../../src/pipeline/settings.js";
import { signed } from "../adapters/kafka/record-batches.js";
import { fetched, sized, work, type Sent } from "./work.js";

/** Bytes of a large record, below the brokers' default limit of a batch. */
const large = 1_000_000;
/**
 * How many times the cost of a byte of ordinary records a byte may cost. The dearest, empty headers without a name, cost
 * about as much as ordinary ones; what is quadratic costs hundreds of times as much.
 */
const mostTimes = 20;
/** Bytes before a batch's records. */
const batchHead = 61;

const good = Buffer.from('{"value":1}');
const sent = (parts: Partial<Sent>): Sent => ({
  key: Buffer.from("k"),
  value: good,
  headers: [],
  timestamp: 1,
  ...parts,
});
const empty = Buffer.alloc(0);

/** Headers of `large` bytes by their names. */
function headersOf(nameOf: (index: number) => string, value: Uint8Array = empty): RecordHeader[] {
  const headers: RecordHeader[] = [];
  for (let bytes = 0; bytes < large;) {
    const name = nameOf(headers.length);
    headers.push({ name, value });
    bytes += 2 + name.length + value.length;
  }
  return headers;
}

const times = (text: string): string => text.repeat(Math.floor((large - 100) / text.length));
const indexed = (textOf: (index: number) => string, separator: string): string => {
  const parts: string[] = [];
  for (let bytes = 0; bytes < large - 100; bytes += parts.at(-1)!.length + 1)
    parts.push(textOf(parts.length));
  return parts.join(separator);
};
const valued = (text: string): Sent => sent({ value: Buffer.from(text) });

/** What one record can be made of. Each has about `large` bytes. */
const hostile: Readonly<Record<string, () => Sent>> = {
  "distinct headers": () => sent({ headers: headersOf((i) => i.toString(36)) }),
  "headers with numbers for names": () => sent({ headers: headersOf(String) }),
  "headers of one name": () => sent({ headers: headersOf(() => "h") }),
  "headers without a name": () => sent({ headers: headersOf(() => "") }),
  "headers named __proto__": () => sent({ headers: headersOf(() => "__proto__") }),
  "headers named constructor": () => sent({ headers: headersOf(() => "constructor") }),
  "headers named like the service's own": () => sent({ headers: headersOf(() => "undercurrent-code") }),
  "headers of two names by turns": () => sent({ headers: headersOf((i) => `h${i % 2}`) }),
  "a refused record with headers": () => sent({ headers: headersOf(String), value: null }),
  "a long name of a header": () => sent({ headers: [{ name: times("é"), value: empty }] }),
  "a long key": () => sent({ key: Buffer.from(times("k")) }),
  "a long key that is no UTF-8": () => sent({ key: Buffer.alloc(large, 0xff) }),
  "a long key in the document": () => valued(`{"k":"${times("x")}","t":1,"value":1}`),
  "a long key with escapes": () => valued(`{"k":"${times("\\u0041")}","t":1,"value":1}`),
  "a long time": () => valued(`{"k":"a","t":"2026-03-01T10:00:05.${times("1")}","value":1}`),
  "a long time in brackets": () => valued(`{"k":"a","t":"2026-03-01 ${times("(")}","value":1}`),
  "a number of many digits": () => valued(`{"value":${times("7")}}`),
  "a fraction of many digits": () => valued(`{"value":0.${times("3")}}`),
  "an exponent of many digits": () => valued(`{"value":1e${times("9")}}`),
  "a small number of many digits": () => valued(`{"value":0.${times("0")}1}`),
  "white space": () => valued(`${times(" ")}{"value":1}`),
  "white space behind a number": () => valued(`1${times(" ")}x`),
  "nested lists": () => valued(`{"x":${times("[")}`),
  "nested lists that end": () =>
    valued(`{"x":${"[".repeat(large / 2 - 50)}${"]".repeat(large / 2 - 50)},"value":1}`),
  "nested objects": () => valued(times('{"a":')),
  "nested objects of the wanted name": () => valued(times('{"value":')),
  "a long list": () => valued(`{"x":[${times("1,")}1],"value":1}`),
  "many names": () => valued(`{${indexed((i) => `"${i.toString(36)}":1`, ",")},"value":1}`),
  "many numbers for names": () => valued(`{${indexed((i) => `"${i * 7}":1`, ",")},"value":1}`),
  "the same name many times": () => valued(`{${times('"value":1,')}"value":1}`),
  "names of the prototype": () => valued(`{${times('"__proto__":{},')}"value":1}`),
  "a long text": () => valued(`{"x":"${times("y")}","value":1}`),
  "a text of escapes": () => valued(`{"x":"${times("\\n")}","value":1}`),
  "JSON in a text": () =>
    valued(`{"x":${JSON.stringify(`{"value":1,"y":[${times('"",').slice(0, large / 2)}1]}`)}}`),
  "nested lists in a text": () =>
    valued(`{"x":"${"[".repeat(large / 2 - 50)}${"]".repeat(large / 2 - 50)}"}`),
  "names of columns without rows": () => valued(`{"y":[${times('"a",')}"b"],"x":[[1],[2]]}`),
  "rows without names of columns": () => valued(`{"y":["a"],"x":[${times("[1],")}[2]]}`),
  "members of an object": () => valued(`{"x":{${indexed((i) => `"${i.toString(36)}":{}`, ",")}}}`),
  "half of a text": () => valued(`{"x":"${times("y")}`),
  "no UTF-8": () => sent({ value: Buffer.alloc(large, 0xc3) }),
  zeros: () => sent({ value: Buffer.alloc(large) }),
};

const settings: Readonly<Record<string, PipelineOptions>> = {
  "the record's key and timestamp": {},
  "key and time in the document": { decode: { key: "k", time: "t" } },
  "JSON in texts": { decode: { jsonInText: ["x", "x.y"], value: "x.value" } },
  decimals: { decode: { decimals: [{ field: "x.y", scale: 2 }] } },
  "rows with columns": { decode: { each: "x", columns: "y", value: "x.a" } },
  "members of an object": { decode: { each: { members: "x" }, key: { member: "name" }, value: "x.v" } },
  "arrays beside one another": { decode: { each: ["x", "y"], value: "x" } },
  "words and several paths": { decode: { value: { firstOf: ["y.z", "x", "value"] }, words: { a: 1 } } },
  "numbers as text": { decode: { format: "number" } },
};

/** Milliseconds that a byte of ordinary records takes. */
let ordinary = Infinity;

beforeAll(async () => {
  const records = Array.from({ length: 10_000 }, (_, i) =>
    sent({
      key: Buffer.from(`key-${i % 50}`),
      value: Buffer.from(`{"value":${i % 7},"text":"${"x".repeat(50)}"}`),
    }),
  );
  const answer = await fetched(records);
  // The second time its code is compiled.
  for (let turn = 0; turn < 2; turn++) ordinary = (await work(answer)).milliseconds / answer.length;
});

test("every hostile record takes time in proportion to its bytes, whatever the settings and the codec", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(hostile)),
      fc.constantFrom(...Object.keys(settings)),
      fc.constantFrom(...compressions),
      async (kind, how, compression) => {
        const record = hostile[kind]!();
        const answer = await fetched([record], compression);
        const { forecasts, deadLetters, milliseconds } = await work(answer, settings[how]);
        expect(forecasts + deadLetters).toBe(1);
        expect(milliseconds / large / ordinary).toBeLessThan(mostTimes);
      },
    ),
    { numRuns: 80 },
  );
}, 300_000);

test("a compressed batch of 150,000 records is read, and each record has its dead letter", async () => {
  const count = 150_000;
  const answer = await fetched(new Array<Sent>(count).fill(sent({ key: null, value: null })), "zstd");
  expect(answer.length).toBeLessThan(large);
  const { deadLetters, milliseconds } = await work(answer);
  expect(deadLetters).toBe(count);
  // A dead letter has some 200 bytes.
  expect(milliseconds / (200 * count) / ordinary).toBeLessThan(mostTimes);
}, 300_000);

test("a Snappy batch may be cut into as many blocks as its sender likes", async () => {
  const compressed: Buffer[] = [Buffer.from("82534e415050590000000001000000010000", "hex").subarray(0, 16)];
  const [uncompressed] = [await fetched([sent({ headers: headersOf(String) })])];
  const records = uncompressed.subarray(4 + batchHead);
  for (let at = 0; at < records.length; at += 4) {
    const part = records.subarray(at, at + 4);
    // The length of what the block stands for, and a literal of that length.
    const block = Buffer.concat([Buffer.from([part.length, (part.length - 1) << 2]), part]);
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.length);
    compressed.push(size, block);
  }
  const head = Buffer.from(uncompressed.subarray(4, 4 + batchHead));
  const body = Buffer.concat(compressed);
  head.writeInt32BE(batchHead - 12 + body.length, 8);
  head.writeInt16BE(compressionTypes.snappy, 21);
  const answer = sized(signed(Buffer.concat([head, body])));
  const { forecasts, milliseconds } = await work(answer);
  expect(forecasts).toBe(1);
  expect(milliseconds / answer.length / ordinary).toBeLessThan(mostTimes);
}, 300_000);
