/** Protobuf schemas in files that import others, and what a schema's file is not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openFormat } from "../../../src/adapters/schemas/index.js";
import { formatOf } from "../../../src/cli/shared/decode/format.js";
import { configSchema, type Config } from "../../../src/config/schema.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

const files: Readonly<Record<string, string>> = {
  "reading.proto": `syntax = "proto3"; package plant;
    import "common.proto"; import "google/protobuf/timestamp.proto";
    message Reading { Place place = 1; plant.units.Unit unit = 2; double celsius = 3; google.protobuf.Timestamp at = 4; }`,
  "common.proto": `syntax = "proto3"; package plant; import public "units/unit.proto";
    message Place { string site = 1; plant.units.Unit unit = 2; }`,
  // A circle, and a path from the folder of the first file.
  "units/unit.proto": `syntax = "proto3"; package plant.units; import "common.proto"; enum Unit { C = 0; F = 1; }`,
};
mkdirSync(join(folder, "units"));
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);

const bytes = Buffer.from([10, 7, 10, 5, ...Buffer.from("north"), 16, 1, 25, 0, 0, 0, 0, 0, 0, 52, 64]);
const expected = { place: { site: "north", unit: "C" }, unit: "F", celsius: 20, at: null };

const settingsOf = (decode: object): Config => configSchema.parse({ decode });

describe("a schema's file that imports others", () => {
  test("is read from its folder, by the command and by programs", async () => {
    const schemaFile = join(folder, "reading.proto");
    const format = await formatOf(settingsOf({ format: "protobuf", schemaFile }));
    expect(format!.parse(bytes)).toEqual(expected);
    const keyed = await formatOf(
      settingsOf({ keyFormat: "protobuf", keySchemaFile: schemaFile, value: "v" }),
    );
    expect(keyed!.parseKey!(bytes)).toEqual(expected);
    const given = await openFormat({
      ...{ format: "protobuf", schema: files["reading.proto"]!, schemaImports: (name) => files[name]! },
    });
    expect(given.parse(bytes)).toEqual(expected);
  });

  test("takes the first message of the file itself, not of an import", async () => {
    const text = 'syntax = "proto3"; import "common.proto"; message Own { int32 n = 1; }';
    const format = await openFormat({
      format: "protobuf",
      schema: text,
      schemaImports: (name) => files[name]!,
    });
    expect(format.parse(Buffer.from([8, 7]))).toEqual({ n: 7 });
  });

  test("names the import that is missing", async () => {
    writeFileSync(
      join(folder, "lost.proto"),
      'syntax = "proto3"; import "gone.proto"; message A { Gone g = 1; }',
    );
    await expect(
      formatOf(settingsOf({ format: "protobuf", schemaFile: join(folder, "lost.proto") })),
    ).rejects.toThrow(/decode\.schemaFile: it imports gone\.proto: .*gone\.proto/);
    await expect(
      openFormat({ format: "protobuf", schema: 'import "a.proto"; message A {}' }),
    ).rejects.toThrow(/decode\.schemaFile: it imports a\.proto, whose text is not given/);
  });
});

test("a schema's file is no reader's schema for records of a registry, which an error says", async () => {
  const schema = JSON.stringify({ type: "record", name: "R", fields: [{ name: "celsius", type: "double" }] });
  const format = await openFormat({ format: "avro", schema });
  const plain = Buffer.alloc(8);
  plain.writeDoubleLE(20.5);
  expect(format.parse(plain)).toEqual({ celsius: 20.5 });
  const wire = Buffer.concat([Buffer.from([0, 0, 0, 0, 17]), plain]);
  expect(() => format.parse(wire)).toThrow(
    /looks like Confluent's wire format, schema id 17.*leave decode\.schemaFile out/,
  );
});
