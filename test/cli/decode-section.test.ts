/** The section `decode` of a configuration, on files and pipes: a line or a row is read as `run` reads a record. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStateFile } from "../../src/adapters/files/state-file.js";
import { afterAll, describe, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-decode-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Result {
  readonly out: string;
  readonly err: string;
  readonly status: number | null;
}

function run(args: readonly string[], input = ""): Result {
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, ...args], { input, encoding: "utf8" });
  return { out: stdout, err: stderr, status };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const start = Date.UTC(2026, 2, 1);
const rows = Array.from({ length: 60 }, (_, i) => ({
  site: i % 2 === 0 ? "north/1" : "south",
  at: start / 1000 + 60 * i,
  temp: 10 + (i % 5),
  hum: i % 7 === 0 ? null : 40 + (i % 3),
}));
const config = file(
  "config.yaml",
  `decode:
  key: site
  time: meta.at
  timeUnit: s
  series: { temp: payload.temp, hum: payload.hum }
`,
);
const nested = rows.map(({ site, at, temp, hum }) =>
  JSON.stringify({ site, meta: { at }, payload: { temp, hum } }),
);
const plain = rows.flatMap(({ site, at, temp, hum }) =>
  [
    { name: "temp", value: temp },
    { name: "hum", value: hum },
  ].map(({ name, value }) =>
    JSON.stringify({ key: `${site.replace("/", "~1")}/${name}`, time: 1000 * at, value }),
  ),
);

describe("pipe", () => {
  test("reads lines as records: several measures of nested fields", () => {
    const decoded = run(["pipe", "-c", config], nested.join("\n"));
    expect(decoded.out).toBe(run(["pipe"], plain.join("\n")).out);
    expect(JSON.parse(decoded.err)).toEqual({ events: 120, rejected: 0, rejections: {} });
  });

  test("tells the fault of one measure, and goes on with the other", () => {
    const { out, err } = run(
      ["pipe", "-c", config],
      '{"site":"a","meta":{"at":1772323200},"payload":{"temp":1}}',
    );
    expect(out.trim().split("\n")).toHaveLength(1);
    expect(err).toContain('the record has no value at the path \\"payload.hum\\" (decode.series)');
  });

  test("counts what decode skips, and takes options in place of settings", () => {
    const skip = file("skip.yaml", "decode: { key: k, time: t, value: v, skip: [{ field: op, in: [d] }] }\n");
    const lines = ['{"k":"a","t":1772323200,"v":1}', '{"k":"a","op":"d"}'].join("\n");
    const { out, err } = run(["pipe", "-c", skip, "--time-unit", "s"], lines);
    expect(JSON.parse(out)).toMatchObject({ key: "a", time: "2026-03-01T00:00:00.000Z", value: 1 });
    expect(JSON.parse(err)).toEqual({ events: 1, rejected: 0, rejections: {}, skipped: 1 });
  });

  test("takes the record's key and time from members where decode names none", () => {
    const value = file("value.yaml", "decode: { value: celsius }\n");
    const line = '{"pump":"a","ts":"2026-03-01T00:00Z","celsius":1}';
    const { out } = run(["pipe", "-c", value, "--key", "pump", "--time", "ts"], line);
    expect(JSON.parse(out)).toMatchObject({ key: "a", time: "2026-03-01T00:00:00.000Z", value: 1 });
  });

  test("reads members of other names without a configuration", () => {
    const line = '{"pump":"a","ts":"2026-03-01T00:00Z","celsius":1}';
    const names = ["--key", "pump", "--time", "ts", "--value", "celsius"];
    expect(JSON.parse(run(["pipe", ...names], line).out)).toMatchObject({ key: "a", value: 1 });
    expect(run(["pipe"], line).err).toContain("--key names another one");
  });

  test("reads lines of text, with features, and functions", () => {
    const text = file(
      "text.yaml",
      "decode: { format: text, columns: [k, d, t, v, f], delimiter: ';', key: k, time: [d, t], value: v, features: [f] }\n",
    );
    const { out, err } = run(["pipe", "-c", text], "a;2026-03-01;00:00;5;1\na;2026-03-01;00:01;6;2\n");
    expect(err).not.toContain("code");
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { value: number }).value),
    ).toEqual([5, 6]);
    const module = file(
      "decode.mjs",
      "export default (v) => [{ key: 'm', time: 1772323200000, value: v.length }];\n",
    );
    const hook = file("hook.yaml", `decode: { format: module, module: ${JSON.stringify(module)} }\n`);
    expect(JSON.parse(run(["pipe", "-c", hook], '"abc"').out)).toMatchObject({ key: "m", value: 5 });
  });

  test("refuses formats of bytes, and names what to give", () => {
    const { err, status } = run(["pipe", "-c", file("number.yaml", "decode: { format: number }\n")], "5");
    expect(err).toMatch(
      /lines need decode\.format: json, connect-json, json-schema, text or module, found number; give /,
    );
    expect(status).toBe(2);
  });
});

const summary = (args: readonly string[]): unknown => {
  const { out, err } = run(["backtest", ...args, "--json"]);
  expect(out, err).not.toBe("");
  const { files: _, seconds: __, ...rest } = JSON.parse(out) as Record<string, unknown>;
  return rest;
};

describe("backtest", () => {
  const usual = summary([file("plain.jsonl", plain.join("\n"))]);

  test("reads JSON lines with and without decode", () => {
    expect(usual).toMatchObject({ overall: { events: 120 } });
    expect(summary([file("nested.jsonl", nested.join("\n")), "-c", config])).toEqual(usual);
  });

  test("reads the columns that decode names, also nested ones by their dots", () => {
    const csv = ["site;meta.at;payload.temp;payload.hum;other"].concat(
      rows.map(({ site, at, temp, hum }) => `${site};${at};${temp};${hum ?? "n/a"};x`),
    );
    expect(summary([file("dots.csv", csv.join("\n")), "-c", config])).toEqual(usual);
    const comma = csv.map((line) => line.replace(/;(1\d);/, ";$1,0;"));
    expect(summary([file("comma.csv", comma.join("\n")), "-c", config, "--decimal", ","])).toEqual(usual);
  });

  test("says why the columns of another file are taken as without decode", () => {
    const csv = file("usual.csv", `time,key,value\n2026-03-01,a,1\n2026-03-02,a,2\n`);
    const { err } = run(["backtest", csv, "-c", config]);
    expect(err).toContain(
      'usual.csv: its columns are taken as without decode, for it has no column "site", which decode names',
    );
    expect(run(["backtest", csv, "-c", config, "--key", "key"]).err).not.toContain("without decode");
  });

  test("tune reads the same", () => {
    const { out, err } = run(["tune", file("tune.jsonl", nested.join("\n")), "-c", config, "--cell", "gru"]);
    expect(out + err).toContain("no key has more than 100 values");
  });
});

const hex = (bytes: Uint8Array | string | null): string => Buffer.from(bytes ?? []).toString("hex");

test("learn takes the same rows into the same state, and refuses bytes that are no UTF-8", async () => {
  const topics = "applicationId: a\ntopics: { input: i, forecasts: f, state: s }\n";
  const own = file("learn.yaml", `${topics}${readFileSync(config, "utf8")}`);
  const csv = ["site,meta.at,payload.temp,payload.hum"].concat(
    rows.map(({ site, at, temp, hum }) => `${site},${at},${temp},${hum ?? ""}`),
  );
  const learn = async (name: string, input: string): Promise<readonly string[]> => {
    const out = join(folder, `${name}.state`);
    const { out: said, err } = run(["learn", "-c", own, "--partitions", "1", "-o", out, input]);
    expect(said, err).toContain("keys in 1 partitions");
    const records: string[] = [];
    for await (const state of (await openStateFile(out)).states()) {
      for (const { key, value } of state.records) records.push(`${hex(key)} ${hex(value)}`);
    }
    return records.sort();
  };
  const fromCsv = await learn("csv", file("learn.csv", csv.join("\n")));
  expect(fromCsv).toHaveLength(5);
  expect(fromCsv).toEqual(await learn("lines", file("learn.jsonl", nested.join("\n"))));
  const latin = join(folder, "latin.jsonl");
  writeFileSync(
    latin,
    Buffer.from('{"site":"S\xfcd","meta":{"at":1},"payload":{"temp":1,"hum":1}}', "latin1"),
  );
  const { err } = run(["learn", "-c", own, "--partitions", "1", "-o", join(folder, "x.state"), latin]);
  expect(err).toContain("--encoding windows-1252");
});
