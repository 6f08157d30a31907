/** `npm run pretrain`: trains initial weights; see docs/pretraining.md. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import type { GateFile, WeightsFile } from "../src/forecast/learning/initial/file.js";
import { addWeights } from "../src/forecast/learning/initial/pretrained.js";
import { collectExamples } from "./examples.js";
import { trainGate } from "./gate.js";
import { pictures } from "./pictures.js";
import { train } from "./train.js";
import { moduleOf, packed } from "./write-file.js";

// The kernel that every machine has: the other one rounds otherwise.
process.env["UNDERCURRENT_KERNEL"] = "simd";

/** Pairs of harmonics that the weights are trained with: the default of the setting. */
const harmonics = 6;
/** Gates are trained for the experts that a read-out has, and for a loss. */
const gateKinds = (["shared", "compact", "full"] as const).map((readout) => ({
  readout,
  loss: "absolute" as const,
}));
const gateSteps = 2000;

/** The weights that the package has. */
const identities = { rnn: "pretrained-3", gru: "pretrained-4", lstm: "pretrained-3" } as const;

interface Options {
  readonly cell: "rnn" | "gru" | "lstm";
  readonly hidden: number;
  readonly seed: number;
  readonly events: number;
  readonly gateExamples: number;
  readonly identity?: string;
  readonly out?: string;
  readonly pictures?: string;
}

new Command("pretrain")
  .description("trains the initial weights that the package ships, from a seed; the same bits each time")
  .addOption(new Option("--cell <cell>").choices(["rnn", "gru", "lstm"]).default("lstm"))
  .option("--hidden <units>", "units of the hidden state", Number, 32)
  .option("--seed <number>", "seed of the corpus", Number, 20260101)
  .option("--events <count>", "events to learn from", Number, 10_000_000)
  .option("--gate-examples <count>", "values that each gate learns from", Number, 80_000)
  .option("--identity <name>", "name of the weights (default: that of the package)")
  .option("--out <file>", "module to write; without it only the digest is printed")
  .option("--pictures <file>", "SVG to write of some series of the corpus, in place of training")
  .action((options: Options) => {
    if (options.pictures !== undefined) writeFileSync(options.pictures, pictures(options.seed));
    else write(cellModule(options), options.out);
  })
  .parse();

function cellModule(options: Options): string {
  const weights = train({
    ...options,
    onProgress: (events, loss) => console.error(`${events} events, loss ${loss.toFixed(5)}`),
  });
  const { cell, hidden, identity = identities[cell] } = options;
  const file: WeightsFile = { identity, cell, hidden, harmonics, gates: [], ...packed(weights) };
  return gatedModule(file, options);
}

/** Adds the gates, which learn from forecasters with the weights of the file. */
function gatedModule(weights: WeightsFile, { cell, hidden, seed, gateExamples }: Options): string {
  addWeights(weights);
  const gates = gateKinds.map((kind): GateFile => {
    const examples = collectExamples({ cell, hidden, ...kind }, seed + 1, gateExamples);
    console.error(`gate of ${kind.readout}, ${kind.loss}: ${examples.count} examples`);
    return { ...kind, ...packed(trainGate(examples, gateSteps, seed)) };
  });
  const file: WeightsFile = { ...weights, gates };
  return moduleOf(file, { name: `${cell}${hidden}`, type: "WeightsFile", from: "./file.js" });
}

function write(source: string, out: string | undefined): void {
  console.log(createHash("sha256").update(source).digest("hex"));
  if (out !== undefined) writeFileSync(out, source);
}
