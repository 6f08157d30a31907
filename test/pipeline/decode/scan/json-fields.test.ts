/** Which settings can be read from a document's bytes, and which need the whole document. */
import { expect, test } from "vitest";
import { jsonFields } from "../../../../src/pipeline/decode/scan/json-fields.js";
import { pipelineSettings, type PipelineOptions } from "../../../../src/pipeline/settings.js";

const fieldsOf = (decode: PipelineOptions["decode"]): ReturnType<typeof jsonFields> =>
  jsonFields(pipelineSettings({ decode }).decode);

test.each<[string, PipelineOptions["decode"]]>([
  ["a path", { key: "site" }],
  ["a constant", { key: [{ const: "all" }] }],
  ["a constant and a path", { key: [{ const: "all" }, "site"] }],
  ["the record's key as text", { key: [{ record: "key" }, "site"] }],
])("keys of %s are read from the bytes", (_, decode) => {
  expect(fieldsOf(decode)?.numbers).toBe(1);
});

test.each<[string, PipelineOptions["decode"]]>([
  ["a header", { key: [{ header: "site" }, "id"] }],
  ["labels", { key: [{ labels: "tags" }] }],
  ["a field of the record's key", { key: [{ record: "key", path: "id" }], keyFormat: "json" }],
  ["the record's key in JSON", { key: [{ record: "key" }], keyFormat: "json" }],
  ["a header behind a path", { key: ["id", { header: "site" }] }],
  ["a header before a constant", { key: [{ header: "site" }, { const: "all" }] }],
  ["a path through the end of another", { key: "value.id" }],
  ["the path of the time", { key: "at", time: "at" }],
])("keys of %s need the document", (_, decode) => {
  expect(fieldsOf(decode)).toBeUndefined();
});

test("a number that several series name is read once", () => {
  const series = [
    { name: "a", value: "celsius", features: ["load"] },
    { name: "b", value: "bar", features: ["celsius"] },
  ];
  const fields = fieldsOf({ key: "site", series, features: ["load"] });
  expect(fields?.numbers).toBe(3);
  expect(fields?.series.map(({ value }) => value)).toEqual([0, 2]);
});
