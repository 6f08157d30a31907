/** `npm run fuzz -- --messages N --seed S [--json]`: exits with 1 unless every message met the fate it was made for. */
import { Command } from "commander";
import { fuzz } from "./fuzz.js";

interface Flags {
  readonly messages: number;
  readonly seed: number;
  readonly json?: boolean;
}

new Command("fuzz")
  .description("hostile messages through the pipeline, good ones among them")
  .option("--messages <n>", "how many", Number, 1_000_000)
  .option("--seed <n>", "seed of the messages", Number, 1)
  .option("--json", "print one JSON object")
  .action(({ messages, seed, json = false }: Flags) => {
    const report = fuzz(messages, seed);
    const { details, byCode, ...figures } = report;
    if (json) {
      process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    } else {
      for (const [name, value] of Object.entries({ ...figures, ...byCode })) {
        process.stdout.write(`${name.padEnd(24)} ${value}\n`);
      }
    }
    if (details.length === 0) return;
    process.stderr.write(`${details.join("\n")}\n`);
    process.exitCode = 1;
  })
  .parse();
