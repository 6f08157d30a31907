/** JSON as programs write it, and the readers that take it. */
import { expect, test } from "vitest";
import { readObservationLine } from "../../../../src/adapters/files/json-lines.js";
import { recordDecoder } from "../../../../src/pipeline/decode/decode.js";
import { parseJsonText } from "../../../../src/pipeline/decode/formats/json-text.js";
import { pipelineSettings } from "../../../../src/pipeline/settings.js";
import { bytes, jsonRecord } from "../../records.js";

test.each([
  ['{"a": NaN}', { a: null }],
  ["[NaN,NaN , 1]", [null, null, 1]],
  ["NaN", null],
  ['{"NaN": "NaN", "q": "\\" NaN", "b": NaN}', { NaN: "NaN", q: '" NaN', b: null }],
  ['\ufeff{"a": 1}', { a: 1 }],
])("the text %s is JSON", (text, expected) => {
  expect(parseJsonText(text)).toEqual(expected);
});

test.each([
  '{"a": -NaN}',
  '{"a": NaNa}',
  '{"a": Infinity}',
  '{"NaN"}',
  '{"a": "NaN',
  '"\\'.repeat(50_000) + "NaN",
])("the text %.20s is none", (text) => {
  expect(() => parseJsonText(text)).toThrow(SyntaxError);
});

test("NaN is a missing value of records and lines, and Infinity is named", () => {
  const decode = recordDecoder(pipelineSettings({}).decode);
  const record = (text: string) => ({ ...jsonRecord(0, "k", 0), value: bytes(text) });
  expect(decode(record('{"value": NaN}')).readings[0]!.value).toBeNaN();
  expect(() => decode(record('{"value": -Infinity}'))).toThrow("not JSON; it holds Infinity");
  const reading = { features: [], timeOf: Number, numberOf: (value: unknown) => (value === null ? NaN : 0) };
  const line = { number: 1, text: '{"key":"a","time":1,"value":NaN}' };
  expect(readObservationLine(line, reading).value).toBeNaN();
});
