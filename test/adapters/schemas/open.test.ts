/** Formats with a registry that listens here: schemas once each, a registry that is away, and schemas that cannot be used. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import avro from "avsc";
import protobuf from "protobufjs";
import { afterEach, describe, expect, test } from "vitest";
import { openFormat, type ValueFormat } from "../../../src/adapters/schemas/index.js";
import { jsonRecord } from "../../pipeline/records.js";
import type { InputRecord } from "../../../src/pipeline/ports.js";

type Answer = readonly [status: number, body: unknown];
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A registry that answers by path, and notes what it was asked. */
async function registry(answer: (path: string, authorization: string | undefined) => Answer): Promise<{
  readonly url: string;
  readonly asked: string[];
}> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const [status, body] = answer(request.url!, request.headers.authorization);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`, asked };
}

const wire = (id: number, data: Uint8Array): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(id, 1);
  return Buffer.concat([prefix, data]);
};
const record = (value: Uint8Array): InputRecord => ({ ...jsonRecord(0, "k", 0), value });
const signal = new AbortController().signal;
const read = async (format: ValueFormat, value: Uint8Array): Promise<unknown> => {
  await format.prepare([record(value)], signal);
  return format.parse(value);
};
const failing = (code: string, message: RegExp): Error =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }) as Error;

const one = { type: "record", name: "R", fields: [{ name: "v", type: "double" }] };
const two = { ...one, fields: [...one.fields, { name: "unit", type: "string" }] };
const encode = (schema: unknown, value: unknown): Buffer =>
  avro.Type.forSchema(schema as avro.Schema).toBuffer(value);

describe("Avro with a registry", () => {
  test("asks for each schema once, also for one that comes later, and reads by the schema of the record", async () => {
    const { url, asked } = await registry((path) =>
      path === "/api/schemas/ids/1"
        ? [200, { schema: JSON.stringify(one) }]
        : [200, { schema: JSON.stringify(two) }],
    );
    const format = await openFormat({ format: "avro", registry: { url, timeoutMs: 5000 } });
    const [old, evolved] = [wire(1, encode(one, { v: 1.5 })), wire(2, encode(two, { v: 2.5, unit: "C" }))];
    expect(await read(format, old)).toEqual({ v: 1.5 });
    expect(await read(format, evolved)).toEqual({ v: 2.5, unit: "C" });
    expect(format.prepare([record(old), record(evolved), record(old)], signal)).toBeUndefined();
    expect(format.parse(old)).toEqual({ v: 1.5 });
    expect(asked).toEqual(["/api/schemas/ids/1", "/api/schemas/ids/2"]);
  });

  test("waits for a registry that is away, says so, and loses nothing", async () => {
    let answers = 0;
    const { url } = await registry(() =>
      answers++ === 0 ? [503, {}] : [200, { schema: JSON.stringify(one) }],
    );
    const lines: string[] = [];
    const report = (line: string): void => void lines.push(line);
    const format = await openFormat({ format: "avro", registry: { url, timeoutMs: 5000 }, report });
    expect(await read(format, wire(1, encode(one, { v: 1 })))).toEqual({ v: 1 });
    expect(lines).toEqual([
      expect.stringMatching(/it answers 503 .* the partition waits, next attempt in 1 s/),
    ]);
  });

  test("stops waiting when the signal is aborted", async () => {
    const format = await openFormat({
      format: "avro",
      registry: { url: "http://127.0.0.1:1", timeoutMs: 5000 },
    });
    const abort = new AbortController();
    const waiting = format.prepare([record(wire(1, new Uint8Array(1)))], abort.signal);
    setTimeout(() => abort.abort(), 50);
    await expect(waiting).rejects.toThrow(/abort/i);
  });

  test("sends credentials, and ends where they are refused", async () => {
    const { url } = await registry((_, authorization) =>
      authorization === "Basic dTpw" || authorization === "Bearer t"
        ? [200, { schema: JSON.stringify(one) }]
        : [401, {}],
    );
    for (const given of [{ username: "u", password: "p" }, { token: "t" }]) {
      const format = await openFormat({ format: "avro", registry: { url, timeoutMs: 5000, ...given } });
      expect(await read(format, wire(1, encode(one, { v: 1 })))).toEqual({ v: 1 });
    }
    const format = await openFormat({ format: "avro", registry: { url, timeoutMs: 5000, token: "x" } });
    await expect(format.prepare([record(wire(1, new Uint8Array(1)))], signal)).rejects.toThrow(
      failing("REGISTRY_REFUSED", /answers 401/),
    );
  });

  test("refuses records whose schema is unknown or unusable, and bytes that it does not describe", async () => {
    const { url, asked } = await registry((path) =>
      path.endsWith("/7")
        ? [404, { error_code: 40403 }]
        : [200, { schema: path.endsWith("/8") ? "{" : JSON.stringify(one) }],
    );
    const format = await openFormat({ format: "avro", registry: { url, timeoutMs: 5000 } });
    await expect(read(format, wire(7, new Uint8Array(1)))).rejects.toThrow(
      failing("SCHEMA_UNREADABLE", /schema 7 cannot be used: the registry does not have it/),
    );
    // A registry may lag behind the producer for a while.
    expect(asked).toHaveLength(3);
    await expect(read(format, wire(8, new Uint8Array(1)))).rejects.toThrow(
      failing("SCHEMA_UNREADABLE", /schema 8/),
    );
    await expect(read(format, wire(9, new Uint8Array(1)))).rejects.toThrow(
      failing("RECORD_UNREADABLE", /ends early/),
    );
    await expect(read(format, Buffer.from("{}"))).rejects.toThrow(
      failing("RECORD_UNREADABLE", /wire format/),
    );
  });

  test("fetches what a schema refers to", async () => {
    const unit = { type: "enum", name: "Unit", symbols: ["C", "K"] };
    const { url } = await registry((path) =>
      path === "/api/subjects/unit%2Fvalue/versions/3"
        ? [200, { schema: JSON.stringify(unit) }]
        : [
            200,
            {
              schema: JSON.stringify({ type: "record", name: "R", fields: [{ name: "unit", type: "Unit" }] }),
              references: [{ name: "Unit", subject: "unit/value", version: 3 }],
            },
          ],
    );
    const format = await openFormat({ format: "avro", registry: { url, timeoutMs: 5000 } });
    expect(await read(format, wire(1, Buffer.of(2)))).toEqual({ unit: "K" });
  });
});

const proto = `syntax = "proto3";
package plant;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Other { string x = 1; }
message Reading {
  message Inner { double v = 1; }
  enum Unit { C = 0; K = 1; }
  string sensor_id = 1;
  google.protobuf.Timestamp at = 2;
  google.protobuf.DoubleValue celsius = 3;
  sint64 count = 4;
  Inner inner = 5;
  optional double maybe = 6;
  Unit unit = 7;
  repeated Inner all = 8;
}`;

const place = { type: "record", name: "Place", fields: [{ name: "site", type: "string" }] };

describe("keys", () => {
  const key = encode(place, { site: "north" });

  test("are read by the schema of a file, beside values of a registry", async () => {
    const { url } = await registry(() => [200, { schema: JSON.stringify(one) }]);
    const format = await openFormat({
      ...{ format: "avro", registry: { url, timeoutMs: 5000 } },
      ...{ keyFormat: "avro", keySchema: JSON.stringify(place) },
    });
    // Keys of a file's schema ask the registry nothing, also if they begin as the wire format does.
    expect(format.prepare([{ ...record(Buffer.from("x")), key: Buffer.alloc(5) }], signal)).toBeUndefined();
    expect(await read(format, wire(1, encode(one, { v: 1.5 })))).toEqual({ v: 1.5 });
    expect(format.parseKey!(key)).toEqual({ site: "north" });
    expect(() => format.parseKey!(key.subarray(0, 3))).toThrow(failing("RECORD_UNREADABLE", /ends early/));
  });

  test("are read by the message of a file that is named, or by its first", async () => {
    const text =
      'syntax = "proto3"; package plant; message Other { int32 n = 1; } message Place { string site = 1; }';
    const named = await openFormat({ keyFormat: "protobuf", keySchema: text, keyMessage: "plant.Place" });
    expect(named.parseKey!(Buffer.from([10, 1, 97]))).toEqual({ site: "a" });
    expect(() => named.parse(key)).toThrow(failing("SETTING_INVALID", /no format of values/));
    const first = await openFormat({ keyFormat: "protobuf", keySchema: text });
    expect(first.parseKey!(Buffer.from([8, 7]))).toEqual({ n: 7 });
  });

  test("need a file or a registry, and a file that can be used", async () => {
    await expect(openFormat({ keyFormat: "avro" })).rejects.toThrow(
      failing("SETTING_INVALID", /decode.keyFormat: avro needs schemaRegistry.url or decode.keySchemaFile/),
    );
    await expect(openFormat({ keyFormat: "avro", keySchema: "{" })).rejects.toThrow(
      failing("SETTING_INVALID", /decode.keySchemaFile: /),
    );
  });
});

describe("Protobuf", () => {
  const { root } = protobuf.parse(proto, new protobuf.Root(), { keepCase: true });
  for (const name of ["timestamp", "wrappers"])
    root.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)!.nested!);
  const type = root.lookupType("plant.Reading");
  const message = {
    sensor_id: "t1",
    at: { seconds: 1_772_359_205, nanos: 250e6 },
    celsius: { value: 20.5 },
    count: -5,
  };
  const bytes = type.encode(type.create(message)).finish();
  const expected = {
    sensor_id: "t1",
    at: new Date(1_772_359_205_250),
    celsius: 20.5,
    // What proto3 does not send has its default, a message that was not sent is null, and an optional field is absent.
    count: -5,
    inner: null,
    unit: "C",
    all: [],
  };

  test("with the schema of a file reads times, wrapped values and defaults", async () => {
    const format = await openFormat({ format: "protobuf", schema: proto, message: "plant.Reading" });
    expect(format.parse(bytes)).toEqual(expected);
    expect(() => format.parse(bytes.subarray(0, 5))).toThrow(failing("RECORD_UNREADABLE", /./));
    await expect(openFormat({ format: "protobuf", schema: proto, message: "Nobody" })).rejects.toThrow(
      failing("SETTING_INVALID", /schemaFile/),
    );
  });

  test("with a registry reads the message that the record names by its numbers", async () => {
    const { url } = await registry(() => [200, { schemaType: "PROTOBUF", schema: proto }]);
    const format = await openFormat({ format: "protobuf", registry: { url, timeoutMs: 5000 } });
    expect(await read(format, wire(1, Buffer.concat([Buffer.of(2, 2), bytes])))).toEqual(expected);
    expect(await read(format, wire(1, Buffer.of(0, 0x0a, 1, 0x61)))).toEqual({ x: "a" });
    const inner = Buffer.concat([Buffer.of(4, 2, 0, 0x09), Buffer.alloc(8)]);
    expect(await read(format, wire(1, inner))).toEqual({ v: 0 });
    await expect(read(format, wire(1, Buffer.of(2, 6)))).rejects.toThrow(
      failing("RECORD_UNREADABLE", /no message/),
    );
  });
});
