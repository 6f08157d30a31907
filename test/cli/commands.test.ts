import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[], input = ""): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { input, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const hours = (count: number, cells: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => {
    return `${new Date(Date.UTC(2026, 0, 1) + i * 3_600_000).toISOString()},${cells(i)}\n`;
  }).join("");
const wave = (i: number): string => Math.sin(i / 4).toFixed(4);

describe("backtest", () => {
  test("writes one row for each event in input order, with the forecast made before it", () => {
    const out = join(folder, "out.csv");
    const path = file("wide.csv", `time,a,b\n${hours(200, (i) => `${wave(i)},${i}`)}`);
    expect(run(["backtest", path, "--wide", "--out", out]).status).toBe(0);
    const rows = readFileSync(out, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const scored = ["key", "time", "y", "yhat", "yhat_lower", "yhat_upper", "anomaly_score"];
    const next = ["next_time", "next_yhat", "next_yhat_lower", "next_yhat_upper"];
    const own = ["expected", "expected_lower", "expected_upper"];
    expect(rows[0]).toEqual([...scored, ...next, ...own]);
    expect(rows.length).toBe(401);
    expect(rows.slice(1, 5).map((row) => row[0])).toEqual(["a", "b", "a", "b"]);
    expect(rows[1]!.slice(3, 7)).toEqual(["", "", "", ""]);
    expect(Number(rows[3]![3])).toBe(0);
    // What one row forecasts is scored in the next row of its key.
    const ofA = rows.slice(1).filter(([key]) => key === "a");
    expect(ofA.slice(0, -1).map((row) => row.slice(8, 11))).toEqual(
      ofA.slice(1).map((row) => row.slice(3, 6)),
    );
    // The forecast of the row has the name that messages give it, too.
    expect(ofA.map((row) => row.slice(11))).toEqual(ofA.map((row) => row.slice(3, 6)));
    expect(ofA[20]![7]).toBe(ofA[21]![1]);
  });

  test("writes the intervals of every level as columns that name it", () => {
    const out = join(folder, "levels.csv");
    const path = file("levels-in.csv", `time,a\n${hours(60, wave)}`);
    const flags = ["--interval-levels", "0.9,0.5", "--out", out];
    expect(run(["backtest", path, "--wide", ...flags]).status).toBe(0);
    const [header, ...rows] = readFileSync(out, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    expect(header!.slice(7, -7)).toEqual([
      "yhat_lower_0.9",
      "yhat_upper_0.9",
      "yhat_lower_0.5",
      "yhat_upper_0.5",
    ]);
    const last = rows.at(-1)!.map(Number);
    expect(last.slice(7, 9)).toEqual(last.slice(4, 6));
    expect(last[9]).toBeGreaterThan(last[7]!);
    expect(last[10]).toBeLessThan(last[8]!);
    const wrong = run(["backtest", path, "--wide", "--interval-levels", "90"]);
    expect(wrong.status).toBe(2);
    expect(wrong.err).toContain("intervalLevels");
    expect(run(["backtest", path, "--kind", "symbol", "--interval-levels", "0.5"]).err).toContain(
      "--interval-levels cannot be used with --kind symbol",
    );
  });

  test("keeps forecasts within what values can be, in the file and in every further step", () => {
    const path = file(
      "percent.csv",
      `time,a\n${hours(300, (i) => String(i % 5 === 0 ? 100 : (i * 37) % 101))}`,
    );
    const out = join(folder, "percent-out.csv");
    const numbers = (flags: readonly string[]): number[] => {
      expect(run(["backtest", path, "--wide", "--out", out, ...flags]).status).toBe(0);
      const rows = readFileSync(out, "utf8").trim().split("\n").slice(10);
      return rows.flatMap((row) => row.split(",").slice(3, 6).map(Number));
    };
    const free = numbers([]);
    expect([Math.min(...free) < 0, Math.max(...free) > 100]).toEqual([true, true]);
    const bounded = numbers(["--min", "0", "--max", "100"]);
    expect([Math.min(...bounded), Math.max(...bounded)]).toEqual([0, 100]);
    expect(Math.min(...numbers(["--kind", "count"]))).toBe(0);
    const sized = `time,key,value,size\n${hours(120, (i) => `disk,${80 + ((i * 37) % 21)},100`)}`;
    const disk = file("disk.csv", sized);
    const flags = ["--features", "size", "--max", "size", "--out", out];
    expect(run(["backtest", disk, ...flags]).status).toBe(0);
    const uppers = readFileSync(out, "utf8").trim().split("\n").slice(5);
    expect(Math.max(...uppers.map((row) => Number(row.split(",")[5])))).toBe(100);
    expect(run(["backtest", disk, "--max", "size"]).err).toContain("--max: expected a number or a name");
    const wrong = run(["backtest", path, "--wide", "--min", "5", "--max", "-5"]);
    expect(wrong.status).toBe(2);
    expect(wrong.err).toContain("bounds: expected min below max");
    expect(run(["backtest", path, "--kind", "symbol", "--max", "1"]).err).toContain(
      "--max cannot be used with --kind symbol",
    );
  });

  test("takes the time zone of the file for that of the forecaster", () => {
    const path = file("zone.csv", `time,a\n${hours(60, wave)}`);
    const { out } = run(["backtest", path, "--wide", "--time-zone", "Europe/Berlin", "--json"]);
    expect((JSON.parse(out) as { settings: { timeZone: string } }).settings.timeZone).toBe("Europe/Berlin");
  });

  test("warns of a key or a symbol that a spreadsheet would run, and writes it as it is", () => {
    const out = join(folder, "formulas.csv");
    const path = file("formula.csv", `time,key,value\n${hours(3, (i) => `=1+1,${i}`)}`);
    const { status, err } = run(["backtest", path, "--out", out]);
    expect(status).toBe(0);
    expect(err).toMatch(/^warning: .*"=1\+1".*formula/m);
    const again = run(["backtest", out, "--value", "y", "--json"]);
    expect((JSON.parse(again.out) as { keys: { key: string }[] }).keys.map(({ key }) => key)).toEqual([
      "=1+1",
    ]);
    expect(again.err).not.toContain("warning");
    const symbols = file("symbols.csv", `time,key,symbol\n${hours(3, (i) => `a,${i === 1 ? "@x" : "y"}`)}`);
    expect(run(["backtest", symbols, "--kind", "symbol", "--out", out]).err).toMatch(/^warning: .*"@x"/m);
  });

  test("prints a summary as JSON that says how it did against the baselines", () => {
    const path = file("json.csv", `time,a\n${hours(2000, wave)}`);
    const { status, out } = run(["backtest", path, "--wide", "--json"]);
    expect(status).toBe(0);
    expect(out).toContain("persistence");
    type Experts = Record<string, { final: number; mean: number }>;
    const summary = JSON.parse(out) as {
      overall: { skill?: number; experts: Experts };
      keys: { experts: Experts }[];
    };
    expect(JSON.stringify(summary.overall)).toMatch(/"skill":0\.\d+/);
    for (const { experts } of [summary.overall, ...summary.keys]) {
      const weights = Object.values(experts);
      expect(weights.length).toBeGreaterThan(2);
      expect(weights.reduce((sum, { final }) => sum + final, 0)).toBeCloseTo(1, 9);
      expect(weights.reduce((sum, { mean }) => sum + mean, 0)).toBeCloseTo(1, 9);
    }
  });

  test("counts and names bad rows, and forecasts the others as if they were not there", () => {
    const good = hours(300, wave).split("\n");
    const clean = file("clean.csv", `time,value\n${good.join("\n")}`);
    const bad = ["yesterday,1", "2026-01-01,abc", "2026-01-01,Infinity", "2026-01-01,1e308", "2026-01-01"];
    const dirty = file(
      "dirty.csv",
      `time,value\n${[...good.slice(0, 100), ...bad, ...good.slice(100)].join("\n")}`,
    );
    const rows = (path: string): string[] => {
      const out = join(folder, "rows.csv");
      expect(run(["backtest", path, "--time", "time", "--value", "value", "--out", out]).status).toBe(0);
      return readFileSync(out, "utf8")
        .trim()
        .split("\n")
        .map((line) => line.split(",").slice(1).join(","));
    };
    expect(rows(dirty)).toEqual(rows(clean));
    const { out, err } = run(["backtest", dirty, "--time", "time", "--value", "value"]);
    expect(out + err).toMatch(/5 rejected/);
    expect(out + err).toMatch(/VALUE_OUT_OF_RANGE/);
    expect(out + err).toMatch(/102/);
  });

  test("ends with a code and the next action where a file is empty, missing or lacks its columns", () => {
    const empty = run(["backtest", file("empty.csv", "")]);
    expect([empty.status, empty.err]).toEqual([3, expect.stringMatching(/INPUT_EMPTY[\s\S]*next: /)]);
    const missing = run(["backtest", join(folder, "nowhere.csv")]);
    expect([missing.status, missing.err]).toEqual([3, expect.stringMatching(/FILE_UNREADABLE[\s\S]*next: /)]);
    const columns = run(["backtest", file("columns.csv", "x,y\n1,2\n"), "--time", "when"]);
    expect([columns.status, columns.err]).toEqual([
      3,
      expect.stringMatching(/INPUT_COLUMN_MISSING[\s\S]*next: /),
    ]);
  });

  test("writes neither forecasts nor a report over its input", () => {
    const text = `time,a\n${hours(5, wave)}`;
    const path = file("precious.csv", text);
    for (const option of ["--out", "--report"]) {
      const { status, err } = run(["backtest", path, option, path]);
      expect([status, err]).toEqual([2, expect.stringContaining("would be overwritten")]);
    }
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("takes a file of one row", () => {
    expect(run(["backtest", file("one.csv", "time,a\n2026-01-01,5\n"), "--wide"]).status).toBe(0);
  });

  test("refuses settings that are wrong or not to be had", () => {
    const path = file("settings.csv", `time,a\n${hours(5, wave)}`);
    expect(run(["backtest", path, "--hidden", "33"]).status).toBe(2);
    expect(run(["backtest", path, "--wide", "--horizon", "97"]).status).toBe(2);
    expect(run(["backtest", path, "--wide", "--engine", "numpy"]).status).toBe(2);
  });

  test("scores every step of a horizon beside the baselines", () => {
    const path = file("steps.csv", `time,a\n${hours(400, wave)}`);
    const summary = JSON.parse(run(["backtest", path, "--wide", "--horizon", "6", "--json"]).out) as {
      overall: { mae: number; horizon: { step: number; scored: number; mae: number }[] };
    };
    const { mae, horizon } = summary.overall;
    expect(horizon.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(horizon.map(({ scored }) => scored)).toEqual([399, 398, 397, 396, 395, 394]);
    expect(horizon[0]!.mae).toBe(mae);
    expect(horizon[5]).toMatchObject({
      coverage: expect.any(Number) as number,
      skill: expect.any(Number) as number,
      baselines: {
        persistence: { skill: 0 },
        seasonal_naive: { mae: expect.any(Number) as number },
      },
    });
    expect(run(["backtest", path, "--wide", "--horizon", "6"]).out).toMatch(/step +MAE[\s\S]*\n *6 /);
    expect(JSON.parse(run(["backtest", path, "--wide", "--json"]).out)).not.toHaveProperty("overall.horizon");
  });
});

describe("backtest --compare", () => {
  const path = file("compare.csv", `time,a,b\n${hours(400, (i) => `${wave(i)},${wave(3 * i)}`)}`);

  test("scores each cell as a backtest of its own does, and says what it costs", () => {
    const cells = ["lstm", "rnn"];
    const { status, out } = run(["backtest", path, "--wide", "--cell", cells.join(), "--compare", "--json"]);
    expect(status).toBe(0);
    const compared = (JSON.parse(out) as { cells: Record<string, unknown>[] }).cells;
    expect(compared.map(({ cell }) => cell)).toEqual(cells);
    for (const { cell, model, overall, microsecondsPerEvent, bytesPerKey } of compared) {
      const alone = run(["backtest", path, "--wide", "--cell", cell as string, "--json"]).out;
      expect(JSON.parse(alone)).toMatchObject({ model, overall });
      expect(microsecondsPerEvent).toBeGreaterThan(0);
      expect(bytesPerKey).toBeGreaterThan(1000);
    }
    expect(run(["backtest", path, "--wide", "--cell", "gru", "--compare"]).out).toMatch(
      /bytes per key\ngru /,
    );
  });

  test("refuses cells there are not, and several without it", () => {
    for (const options of [
      ["--cell", "gru,mamba", "--compare"],
      ["--cell", "gru,gru", "--compare"],
      ["--cell", "gru,rnn"],
    ]) {
      expect(run(["backtest", path, "--wide", ...options]).status).toBe(2);
    }
    const { status, out } = run(["backtest", file("none.csv", "time,a\n"), "--wide", "--compare"]);
    expect([status, out]).toEqual([3, ""]);
  });
});

describe("features", () => {
  // What comes next is known from the feature that comes now, and from nothing else.
  const noise = (i: number): number => Math.sin(i * i * 0.7) + Math.sin(i * 12.9898);
  const rows = Array.from({ length: 3000 }, (_, i) => ({
    time: 1_767_225_600_000 + i * 60_000,
    value: noise(i),
    next: 10 * noise(i + 1) + 50,
  }));

  test("in columns of a file, long or wide, tell backtest what comes next", () => {
    const text = rows.map(({ time, value, next }) => `${time},${value},${next}\n`).join("");
    const path = file("features.csv", `time,value,next\n${text}`);
    for (const layout of [["--value", "value"], ["--wide"]]) {
      const { status, out } = run(["backtest", path, ...layout, "--features", "next", "--json"]);
      expect(status).toBe(0);
      const { overall, settings } = JSON.parse(out) as {
        readonly overall: { readonly skill: number; readonly keys: number };
        readonly settings: { readonly featureCount: number };
      };
      expect(overall.skill).toBeGreaterThan(0.8);
      expect(overall.keys).toBe(1);
      expect(settings.featureCount).toBe(1);
    }
  });

  test("at another name than value are missing for pipe, which notes that once", () => {
    const lines = rows.slice(0, 3).map((row) => JSON.stringify({ key: "a", time: row.time, celsius: 1 }));
    const { out, err } = run(["pipe"], lines.join("\n"));
    expect(out.trim().split("\n")).toHaveLength(3);
    expect(err.match(/no member value/g)).toHaveLength(1);
    const renamed = run(["pipe"], '{"sensor":"a","time":1767225600000,"value":1}\n');
    expect(renamed.err).toContain(
      'the line has no member key, its members are [\\"sensor\\",\\"time\\",\\"value\\"]',
    );
    expect(run(["pipe", "--every", "1m", "--by", "count"], lines.join("\n")).err).not.toContain(
      "no member value",
    );
  });

  test("in fields of a line tell pipe what comes next, and a wrong one refuses its line", () => {
    const lines = rows.map((row) => JSON.stringify({ key: "a", ...row }));
    const bad = '{"key":"a","time":1767225600000,"value":1,"next":"soon"}';
    const { out, err } = run(["pipe", "--features", "next"], [bad, ...lines].join("\n"));
    const messages = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly value: number; readonly expected: number });
    const errors = messages.slice(2000).map(({ value, expected }) => Math.abs(value - expected));
    expect(errors.reduce((sum, error) => sum + error) / errors.length).toBeLessThan(0.2);
    expect(err).toContain('the feature \\"next\\" is the text');
  });
});

describe("seed", () => {
  test("ends with code 6 after --timeout where no broker answers", () => {
    const config = file(
      "seed.yaml",
      "applicationId: pumps\nkafka:\n  bootstrapServers: [127.0.0.1:1]\ntopics: { input: a, forecasts: b, state: c }\n",
    );
    const { status, out, err } = run(["seed", "-c", config, "--timeout", "0.5"]);
    expect(status).toBe(6);
    expect(out).toBe("");
    expect(err).toMatch(/^error BROKER_UNREACHABLE: .*gave up after 0\.5 s/);
  });
});

describe("pipe", () => {
  test("ends with code 3 if it rejects every line, and with 0 if there was none", () => {
    const { status, out, err } = run(["pipe"], "no JSON\n{}\n");
    expect(status).toBe(3);
    expect(out).toBe("");
    expect(err).toMatch(/{"events":0,"rejected":2,"rejections":{"ROW_UNREADABLE":\d.*}}\n/);
    expect(err).toMatch(/INPUT_EMPTY.*every line was rejected/);
    expect(run(["pipe"], "\n").status).toBe(0);
  });

  test("answers each line with a forecast message, and bad ones with a rejection on standard error", () => {
    const lines = [
      '{"key":"__proto__","time":"2026-03-01T10:00:00Z","value":1}',
      '{"key":"__proto__","time":"2026-03-01T10:00:05Z","value":1}',
      "no JSON",
      '{"key":"__proto__","time":"2026-03-01T10:00:10Z","value":"2"}',
    ];
    const { out, err } = run(["pipe"], lines.join("\n"));
    const messages = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(messages.length).toBe(2);
    expect(messages[1]).toMatchObject({
      key: "__proto__",
      value: 1,
      expected: 1,
      yhat_time: "2026-03-01T10:00:10.000Z",
    });
    expect(Object.keys(messages[1]!)).toEqual(
      "key time value yhat yhat_lower yhat_upper yhat_time expected anomaly_score model".split(" "),
    );
    expect(err).toMatch(/ROW_UNREADABLE/);
    expect(err).toMatch(/VALUE_NOT_A_NUMBER/);
    expect(err).toMatch(/"rejected":2/);
  });

  test("keeps forecasts and steps within what values can be", () => {
    const lines = Array.from({ length: 80 }, (_, i) =>
      JSON.stringify({
        key: "visits",
        time: 1_772_323_200_000 + 60_000 * i,
        value: (i * 7) % 3 === 0 ? 9 : 0,
      }),
    );
    const flags = ["--kind", "count", "--max", "9", "--horizon", "3"];
    const { out } = run(["pipe", ...flags], lines.join("\n"));
    const found = [...out.matchAll(/"(?:yhat|expected)(?:_lower|_upper)?":(-?[\d.e+-]+)/g)].map(([, text]) =>
      Number(text),
    );
    expect(found.length).toBeGreaterThan(500);
    expect([Math.min(...found), Math.max(...found)]).toEqual([0, 9]);
  });
});
