/** `pipe -c` writes the fields of `encode`, as far as lines have them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

const input = Array.from({ length: 40 }, (_, i) =>
  JSON.stringify({ key: `key-${i % 2}`, time: 1_767_225_600_000 + 60_000 * i, value: Math.sin(i) }),
).join("\n");

type Message = Readonly<Record<string, unknown>>;

function pipe(text: string): { messages: Message[]; notices: unknown[]; status: number | null; err: string } {
  const config = join(folder, "config.yaml");
  writeFileSync(config, text);
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, "pipe", "-c", config], {
    input,
    encoding: "utf8",
  });
  const lines = (all: string): Message[] =>
    all.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Message] : []));
  const notices = lines(stderr).flatMap(({ notice }) => notice ?? []);
  return { messages: lines(stdout), notices, status, err: stderr };
}
const model = "model: {hidden: 8}\n";

test("fields are chosen, renamed and ordered, with the values that they have without", () => {
  const { messages: usual } = pipe(model);
  const { messages, notices } = pipe(
    `${model}applicationId: pumps\nencode: {fields: [{field: yhat, as: forecast}, key, alarm, application, incident]}\n`,
  );
  expect(notices).toEqual([]);
  expect(messages).toHaveLength(40);
  messages.forEach((message, i) => {
    expect(Object.keys(message)).toEqual(["forecast", "key", "alarm", "application", "incident"]);
    const { yhat, key } = usual[i]!;
    expect(message).toEqual({ forecast: yhat, key, alarm: false, application: "pumps", incident: null });
  });
});

test("fields of topics are left out and named, and formats that are no text become JSON", () => {
  const { messages, notices } = pipe(
    `${model}schemaRegistry: {url: "http://localhost:1"}\nencode: {format: avro, fields: [key, partition, {field: offset, as: at}, value]}\n`,
  );
  expect(Object.keys(messages[0]!)).toEqual(["key", "value"]);
  expect(notices).toEqual([
    "pipe writes lines of JSON: encode.format: avro is for run",
    "pipe leaves out partition, offset of encode.fields: only records of topics have them",
  ]);
  const none = pipe(`${model}encode: {fields: [topic]}\n`);
  expect(none.status).not.toBe(0);
  expect(none.err).toContain("SETTING_INVALID");
});

test("connect-json has its schema in each line", () => {
  const { messages } = pipe(`${model}encode: {format: connect-json, fields: [key, time, yhat]}\n`);
  expect(messages[3]).toMatchObject({
    schema: { type: "struct" },
    payload: { key: "key-1", time: 1_767_225_600_000 + 180_000 },
  });
});
