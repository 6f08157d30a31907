// Breaks the source on purpose, one place at a time, and counts how often the quick tests notice:
// npm run mutation -- [forecast|pipeline|kafka|commit ...] [--sample SHARE] [--seed S] [--concurrency N]
// A mutant that is noticed takes about a second of processor time, one that is not all tests that come by it, up to ten. All of
// src/forecast and src/pipeline, some 5,000 mutants, are about two hours of a core: `--sample` takes a share of the lines.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";

/** Percent of the mutants of each part that have to be noticed. */
const least = 80;

/**
 * What is broken, and which tests have to notice. `commit` is what writes to a broker, and needs one: a started one named by
 * UNDERCURRENT_TEST_BROKERS is much the quickest. It is no part of a run that names none. Properties run few of their cases for a
 * mutant, and all where `cases` says so.
 */
const parts = {
  forecast: {
    sources: under("src/forecast"),
    tests: [
      "test/forecast/**/*.test.ts",
      "test/operators/*.test.ts",
      "test/pipeline/state/released-states.test.ts",
    ],
  },
  pipeline: {
    sources: under("src/pipeline"),
    tests: ["test/pipeline/**/*.test.ts", "test/simulate/*.test.ts"],
  },
  // Parts of the two above, with the tests of their own alone, and the formats with a schema.
  formats: {
    cases: "all",
    sources: ["adapters/schemas", "pipeline/decode", "pipeline/encode", "pipeline/times"].flatMap((name) =>
      under(`src/${name}`),
    ),
    tests: ["test/adapters/schemas/**/*.test.ts", "test/pipeline/{decode,encode,times}/**/*.test.ts"],
  },
  windows: {
    cases: "all",
    sources: ["forecast/windows", "pipeline/windows"].flatMap((name) => under(`src/${name}`)),
    tests: ["test/{forecast,pipeline}/windows/*.test.ts"],
  },
  candidate: {
    cases: "all",
    sources: ["pipeline/task/candidate", "pipeline/state", "pipeline/query"].flatMap((name) =>
      under(`src/${name}`),
    ),
    tests: ["test/pipeline/{task,state,query}/**/*.test.ts"],
  },
  kafka: {
    sources: ["src/adapters/kafka/kafkajs/records.ts", "src/adapters/kafka/producer/split.ts"],
    tests: ["test/adapters/kafka/{kafkajs/records,producer/split}.test.ts"],
  },
  commit: {
    sources: [
      "producer/writer",
      "producer/producer-kafkajs",
      "producer/producer-platformatic",
      "source/assignment",
      "producer/writes",
      "source/state-end",
      "producer/shorten",
      "errors",
    ].map((name) => `src/adapters/kafka/${name}.ts`),
    tests: [
      "test/integration/kafka/{contracts,faults,lost-requests,state-end,writers}.test.ts",
      "test/adapters/kafka/**/*.test.ts",
    ],
  },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    concurrency: { type: "string", default: "1" },
  },
});
const quick = Object.keys(parts).filter((name) => name !== "commit");
const wanted = positionals.length === 0 ? quick : positionals;
const strange = wanted.filter((name) => !(name in parts));
if (strange.length > 0)
  throw new Error(`no part ${strange.join(", ")}; there are ${Object.keys(parts).join(", ")}`);

const scores = [];
for (const name of wanted) scores.push(await scoreOf(name, parts[name]));
console.table(scores);
if (scores.some((score) => score.percent < least)) {
  console.error(`Below ${least} %: build/mutation/PART.html shows the mutants that survived.`);
  process.exitCode = 1;
}

function under(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
}

async function scoreOf(part, { sources, tests, cases = "few" }) {
  process.env.UNDERCURRENT_MUTATION_CASES = cases;
  const mutants = await new Stryker({
    mutate: sources.flatMap((path) => drawn(path, Number(values.sample), values.seed)),
    testFiles: tests,
    vitest: { configFile: "vitest.mutation.config.ts", related: false },
    concurrency: Number(values.concurrency),
    tempDirName: `build/stryker/${part}`,
    // What is known of other mutants must not be counted here.
    incrementalFile: `build/mutation/${part}-${values.sample}-${values.seed}.json`,
    htmlReporter: { fileName: `build/mutation/${part}.html` },
  }).runMutationTest();
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const noticed = count("Killed", "Timeout");
  const unnoticed = count("Survived", "NoCoverage");
  return {
    part,
    mutants: noticed + unnoticed,
    noticed,
    survived: count("Survived"),
    "without a test": count("NoCoverage"),
    percent: percent(noticed / (noticed + unnoticed)),
    "95 % interval": interval(noticed, noticed + unnoticed)
      .map(percent)
      .join(" to "),
  };
}

/** Where the share of all mutants lies, by what is known of a sample (Wilson, 1927). */
function interval(noticed, count) {
  const z2 = 1.96 ** 2;
  const centre = (noticed + z2 / 2) / (count + z2);
  const half = (Math.sqrt(z2) * Math.sqrt((noticed * (count - noticed)) / count + z2 / 4)) / (count + z2);
  return [centre - half, centre + half];
}

function percent(share) {
  return Number((100 * share).toFixed(1));
}

/**
 * A share of a file's lines, the same ones for a seed whatever happens to the others. Of a line that is drawn every mutant
 * within it is made; those of several lines, such as a block without its statements, only where everything is.
 */
function drawn(path, share, seed) {
  if (share >= 1) return [path];
  const seen = new Map();
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line, index) => {
      const nth = seen.get(line) ?? 0;
      seen.set(line, nth + 1);
      const digest = createHash("sha256")
        .update(JSON.stringify([seed, path, line, nth]))
        .digest();
      return digest.readUInt32LE() / 2 ** 32 < share ? [`${path}:${index + 1}-${index + 1}`] : [];
    });
}
