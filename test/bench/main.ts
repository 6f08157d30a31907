/** `npm run bench -- quality|cold|cases|aftermath|robustness|drift|detection|symbols|engine|cells|horizons|pipeline|kafka|workers|overload|peers|npm-peers|operators [--json]`: measures, and prints a table or one JSON object. */
import { Command, Option } from "commander";
import { cellKinds } from "../../src/engine/port.js";
import {
  initialKinds,
  learningKinds,
  readoutKinds,
  type ForecasterOptions,
} from "../../src/forecast/settings.js";
import { usePretrainedWeights } from "../../src/forecast/learning/initial/use-pretrained.js";
import { createTestBroker, type TestBroker } from "../support/broker-client.js";
import { startBroker } from "../support/broker-start.js";
import { benchAftermath, printAftermath } from "./cases/aftermath.js";
import { benchCases } from "./cases/cases.js";
import { printCases } from "./cases/table.js";
import { benchCells } from "./cells.js";
import { benchCold, printCold } from "./cold.js";
import { benchDetection } from "./detection.js";
import { benchDrift } from "./drift.js";
import { benchEngine } from "./engine.js";
import { printFigures, type Figure } from "./figures.js";
import { benchHorizons } from "./horizons.js";
import { benchKafka } from "./kafka.js";
import { benchPeers } from "./npm-peers/npm-peers.js";
import { benchOperators } from "./operators.js";
import { benchOverload } from "./overload.js";
import { benchStreamPeers } from "./peers/peers.js";
import { benchPipeline } from "./pipeline.js";
import { benchQuality } from "./quality.js";
import { benchRobustness } from "./robustness.js";
import { benchSymbols } from "./symbols.js";
import { benchWorkers } from "./workers.js";

usePretrainedWeights();
const program = new Command("bench");

program
  .command("quality")
  .description("forecast quality on public next-value protocols, and its cost, by read-out")
  .option("--json", "print one JSON object")
  .option("--seeds <list>", "seeds of the initial weights", "1,2,3")
  .addOption(new Option("--cell <cell>").choices(cellKinds))
  .addOption(new Option("--readout <kind>", "one read-out in place of all").choices(readoutKinds))
  .option("--hidden <units>", "units of the hidden state", Number)
  .addOption(new Option("--initial <kind>", "initial weights").choices(initialKinds))
  .action(({ json, seeds, readout, ...model }: ForecasterOptions & { json?: boolean; seeds: string }) => {
    const readouts = readout === undefined ? readoutKinds : [readout];
    printFigures(benchQuality(model, readouts, seeds.split(",").map(Number)), json === true);
  });

program
  .command("cold")
  .description("errors by those of repeating the last value, by a key's number of events; each key by itself")
  .option("--json", "print one JSON object")
  .option("--seeds <list>", "seeds of the initial weights", "1,2,3")
  .addOption(new Option("--cell <cell>").choices(cellKinds))
  .addOption(new Option("--readout <kind>").choices(readoutKinds))
  .option("--hidden <units>", "units of the hidden state", Number)
  .addOption(new Option("--initial <kind>", "initial weights").choices(initialKinds))
  .addOption(new Option("--learning <kind>", "whether the cell learns").choices(learningKinds))
  .option("--horizon <steps>", "errors of steps 2 to this one in place of the next value's", Number)
  .action(({ json, seeds, ...model }: ForecasterOptions & { json?: boolean; seeds: string }) => {
    printCold(benchCold(model, seeds.split(",").map(Number)), json === true);
  });

program
  .command("cases")
  .description("generated series of daily work: alarm rate, coverage, and the error by that of simple rules")
  .option("--json", "print one JSON object")
  .option("--seeds <list>", "seeds of the series and of the weights", "1,2,3")
  .option("--only <name>", "only series whose names contain the text")
  .addOption(new Option("--cell <cell>").choices(cellKinds))
  .addOption(new Option("--readout <kind>").choices(readoutKinds))
  .option("--hidden <units>", "units of the hidden state", Number)
  .addOption(new Option("--initial <kind>", "initial weights").choices(initialKinds))
  .action(
    ({
      json,
      seeds,
      only,
      ...model
    }: ForecasterOptions & { json?: boolean; seeds: string; only?: string }) => {
      printCases(benchCases(model, seeds.split(",").map(Number), only), json === true);
    },
  );

program
  .command("aftermath")
  .description(
    "what one to five odd readings cost the forecasts after them, by kind of series and age of the key",
  )
  .option("--json", "print one JSON object")
  .option("--keys <number>", "series of each kind", Number, 15)
  .option("--only <name>", "only kinds whose names contain the text")
  .addOption(new Option("--readout <kind>").choices(readoutKinds))
  .addOption(new Option("--initial <kind>", "initial weights").choices(initialKinds))
  .action(
    ({ json, keys, only, ...model }: ForecasterOptions & { json?: boolean; keys: number; only?: string }) => {
      printAftermath(benchAftermath(model, keys, only), json === true);
    },
  );

program
  .command("robustness")
  .description("what missing values, missing events and keys of different rates cost")
  .option("--json", "print one JSON object")
  .option("--seeds <list>", "seeds of the weights and of what is missing", "1,2,3")
  .addOption(new Option("--cell <cell>").choices(cellKinds))
  .addOption(new Option("--readout <kind>").choices(readoutKinds))
  .option("--hidden <units>", "units of the hidden state", Number)
  .action(({ json, seeds, ...model }: ForecasterOptions & { json?: boolean; seeds: string }) => {
    printFigures(benchRobustness(model, seeds.split(",").map(Number)), json === true);
  });

program
  .command("drift")
  .description("how quickly forecasts recover when a stream changes its level, noise, dynamics or season")
  .option("--json", "print one JSON object")
  .option("--seeds <list>", "seeds of the weights and of the noise", "1,2,3")
  .addOption(new Option("--cell <cell>").choices(cellKinds))
  .addOption(new Option("--readout <kind>").choices(readoutKinds))
  .option("--hidden <units>", "units of the hidden state", Number)
  .action(({ json, seeds, ...model }: ForecasterOptions & { json?: boolean; seeds: string }) => {
    printFigures(benchDrift(model, seeds.split(",").map(Number)), json === true);
  });

program
  .command("detection")
  .description(
    "alarms: the Numenta benchmark's score, false alarms on ordinary streams, recurring faults, kinds named",
  )
  .option("--json", "print one JSON object")
  .addOption(new Option("--cell <cell>").choices(cellKinds))
  .addOption(new Option("--readout <kind>").choices(readoutKinds))
  .option("--hidden <units>", "units of the hidden state", Number)
  .action(({ json, ...model }: ForecasterOptions & { json?: boolean }) => {
    printFigures(benchDetection(model), json === true);
  });

program
  .command("symbols")
  .description("how well the next symbol is forecast, against counts of n-grams, in bits")
  .option("--json", "print one JSON object")
  .action(({ json }: { json?: boolean }) => printFigures(benchSymbols(), json === true));

program
  .command("engine")
  .description("the recurrent step and its learning against other engines, in one interleaved run")
  .option("--json", "print one JSON object")
  .action(async (options: { json?: boolean }) => printFigures(await benchEngine(), options.json === true));

program
  .command("horizons")
  .description("what further steps cost in memory and time, and their errors and coverage")
  .option("--json", "print one JSON object")
  .addOption(new Option("--cell <cell>").choices(cellKinds))
  .addOption(new Option("--readout <kind>").choices(readoutKinds))
  .option("--hidden <units>", "units of the hidden state", Number)
  .action(({ json, ...model }: ForecasterOptions & { json?: boolean }) => {
    printFigures(benchHorizons(model), json === true);
  });

program
  .command("operators")
  .description(
    "the operator forecast beside forecastBatches, and the built package in Chromium: CPU time of an event",
  )
  .option("--json", "print one JSON object")
  .action(async ({ json }: { json?: boolean }) => {
    const figures = await benchOperators();
    const { benchChromium } = await import("./chromium.js");
    printFigures([...figures, ...(await benchChromium())], json === true);
  });

program
  .command("npm-peers")
  .description("24 hours of ETTh1 by forecasters of npm and Python, which the bench installs beside itself")
  .option("--json", "print one JSON object")
  .option("--origins <count>", "forecasts of each series", "20")
  .action(async ({ json, origins }: { json?: boolean; origins: string }) =>
    printFigures(await benchPeers(Number(origins)), json === true),
  );

program
  .command("cells")
  .description("a step and an update of every cell of the wasm engine, in one interleaved run")
  .option("--json", "print one JSON object")
  .action(async (options: { json?: boolean }) => printFigures(await benchCells(), options.json === true));

program
  .command("pipeline")
  .description(
    "bytes of records to bytes of forecasts on one core, without a broker, and where the time goes",
  )
  .option("--json", "print one JSON object")
  .addOption(new Option("--cell <cell>").choices(cellKinds))
  .addOption(new Option("--readout <kind>").choices(readoutKinds))
  .option("--hidden <units>", "units of the hidden state", Number)
  .addOption(new Option("--initial <kind>", "initial weights").choices(initialKinds))
  .option("--no-detection", "without anomaly scores")
  .action(
    async ({
      json,
      detection,
      ...model
    }: Omit<ForecasterOptions, "detection"> & { json?: boolean; detection: boolean }) => {
      const figures = await benchPipeline({ ...model, detection: { enabled: detection } });
      printFigures(figures, json === true);
    },
  );

/** A command that measures on a broker of its own. */
function brokerCommand(
  name: string,
  description: string,
  bench: (broker: TestBroker) => Promise<Figure[]>,
): void {
  program
    .command(name)
    .description(description)
    .option("--json", "print one JSON object")
    .action(async (options: { json?: boolean }) => {
      const broker = await startBroker();
      if (typeof broker === "string") return program.error(broker);
      try {
        printFigures(await bench(createTestBroker(broker.brokers)), options.json === true);
      } finally {
        await broker.stop();
      }
    });
}

brokerCommand(
  "kafka",
  "the pipeline on a real broker: throughput against a bare echo, recovery, bytes of state",
  benchKafka,
);
brokerCommand(
  "workers",
  "the built service on a real broker with two workers against one, in turn",
  benchWorkers,
);
brokerCommand(
  "overload",
  "the built service on a real broker under three times its pace for a minute: memory, lag, catching up",
  benchOverload,
);

program
  .command("peers")
  .description(
    "the built service beside Kafka Streams, Quix Streams and bare echoes, each as a process, in turns",
  )
  .option("--json", "print one JSON object")
  .option("--records <n>", "records of the input", Number, 400_000)
  .option("--rounds <n>", "runs of each", Number, 2)
  .option("--node <paths...>", "Node.js binaries for ours and the echoes", [process.execPath])
  .action(async (options: { json?: boolean; records: number; rounds: number; node: readonly string[] }) => {
    const { json, records, rounds, node } = options;
    const broker = await startBroker();
    if (typeof broker === "string") return program.error(broker);
    try {
      const test = createTestBroker(broker.brokers);
      printFigures(await benchStreamPeers(test, { records, rounds, nodes: node }), json === true);
    } finally {
      await broker.stop();
    }
  });

await program.parseAsync();
