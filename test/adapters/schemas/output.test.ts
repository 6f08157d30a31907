/** Registers the schema of forecasts at a registry that listens here. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { incidentSchema } from "../../../src/pipeline/encode/incidents/fields.js";
import { registerOutput, type OutputOptions } from "../../../src/adapters/schemas/index.js";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A registry with one answer, and what it was sent: method, path and schema. */
async function registry(status: number, body: unknown): Promise<{ url: string; sent: unknown[] }> {
  const sent: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { schemaType, schema } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
      sent.push([request.method, request.url, schemaType, JSON.parse(schema!)]);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`, sent };
}

const encode = { format: "avro", fields: ["key", { field: "yhat", as: "forecast" }] } as const;
const options = (url: string, others: Partial<OutputOptions> = {}): OutputOptions => ({
  registry: { url, timeoutMs: 5000 },
  subject: "a/b-value",
  encode: { ...encode, fields: [...encode.fields] },
  ...others,
});

const schema = {
  type: "record",
  name: "Forecast",
  namespace: "undercurrent",
  fields: [
    { name: "key", type: "string" },
    { name: "forecast", type: ["null", "double"], default: null },
  ],
};

test("registers the schema of the chosen fields, and only asks for the id where it writes nothing", async () => {
  const { url, sent } = await registry(200, { id: 17 });
  expect(await registerOutput(options(url))).toBe(17);
  expect(await registerOutput(options(url, { isRegistered: true }))).toBe(17);
  expect(sent).toEqual([
    ["POST", "/api/subjects/a%2Fb-value/versions", "AVRO", schema],
    ["POST", "/api/subjects/a%2Fb-value", "AVRO", schema],
  ]);
});

test("registers the schema of incidents", async () => {
  const { url, sent } = await registry(200, { id: 18 });
  const others = { encode: { format: "avro" }, records: "incidents", subject: "incidents-value" } as const;
  expect(await registerOutput(options(url, others))).toBe(18);
  const own = { format: "json", incidents: { format: "json-schema" } } as const;
  expect(await registerOutput(options(url, { ...others, encode: own }))).toBe(18);
  const [avro, json] = sent as [unknown, unknown, string, object][];
  const path = "/api/subjects/incidents-value/versions";
  expect(avro).toEqual(["POST", path, "AVRO", JSON.parse(incidentSchema("avro").schema)]);
  expect(json).toEqual(["POST", path, "JSON", JSON.parse(incidentSchema("json-schema").schema)]);
});

test.each([
  [409, { message: "incompatible" }, {}, /answers 409 to .*incompatible/],
  [422, { message: "invalid" }, {}, /answers 422 to .*invalid/],
  [403, {}, {}, /answers 403/],
  [404, {}, {}, /answers 404 .* check the path of schemaRegistry.url/],
  [404, {}, { isRegistered: true }, /does not have the schema of the forecasts under a\/b-value/],
])("ends where the registry answers %i", async (status, body, others, message) => {
  const { url } = await registry(status, body);
  await expect(registerOutput(options(url, others))).rejects.toMatchObject({
    code: "REGISTRY_REFUSED",
    message: expect.stringMatching(message) as unknown,
  });
});

test("waits for a registry that is away until it is stopped", async () => {
  const { url } = await registry(503, {});
  await expect(registerOutput(options(url))).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
  const stopped = new AbortController();
  const said: string[] = [];
  const report = (line: string): void => {
    said.push(line);
    stopped.abort();
  };
  const waiting = registerOutput(options(url, { report, stop: stopped.signal }));
  await expect(waiting).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
  expect(said).toEqual([expect.stringContaining("the start waits, next attempt in 1 s")]);
});
