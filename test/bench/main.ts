/** `npm run bench -- quality|engine [--json]`: measures, and prints a table or one JSON object. */
import { Command, Option } from "commander";
import { forecasterSchema, type ForecasterOptions } from "../../src/forecast/settings.js";
import { benchEngine } from "./engine.js";
import { printFigures } from "./figures.js";
import { benchQuality } from "./quality.js";

const program = new Command("bench");

program
  .command("quality")
  .description("forecast quality on public next-value protocols")
  .option("--json", "print one JSON object")
  .option("--seeds <list>", "seeds of the initial weights", "1,2,3")
  .addOption(new Option("--cell <cell>").choices(forecasterSchema.shape.cell.unwrap().options))
  .addOption(new Option("--readout <kind>").choices(forecasterSchema.shape.readout.unwrap().options))
  .option("--hidden <units>", "units of the hidden state", Number)
  .action(
    (options: {
      json?: boolean;
      seeds: string;
      cell?: "rnn" | "gru" | "lstm";
      readout?: "shared" | "compact" | "full";
      hidden?: number;
    }) => {
      const model: ForecasterOptions = {
        ...(options.readout === undefined ? {} : { readout: options.readout }),
        ...(options.cell === undefined ? {} : { cell: options.cell }),
        ...(options.hidden === undefined ? {} : { hidden: options.hidden }),
      };
      printFigures(benchQuality(model, options.seeds.split(",").map(Number)), options.json === true);
    },
  );

program
  .command("engine")
  .description("the recurrent step and its learning against other engines, in one interleaved run")
  .option("--json", "print one JSON object")
  .action(async (options: { json?: boolean }) => printFigures(await benchEngine(), options.json === true));

await program.parseAsync();
