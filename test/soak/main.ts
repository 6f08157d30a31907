/**
 * `npm run soak -- --minutes 30` in memory, `npm run soak -- broker --minutes 60 [--client C] [--group-protocol P]` on a real broker: prints a row a minute; exits
 * with 1 where memory grew, or a record was lost, doubled or changed.
 */
import { Command, Option } from "commander";
import {
  clientKinds,
  groupProtocols,
  type ClientKind,
  type GroupProtocol,
} from "../../src/adapters/kafka/options.js";
import { createTestBroker } from "../support/broker-client.js";
import { startBroker } from "../support/broker-start.js";
import { soakOnBroker, type BrokerSoakReport, type InstanceSample } from "./broker-soak.js";
import { allowedGrowth, growthOf } from "./growth.js";
import { memory, soak, type Memory, type SoakSample } from "./soak.js";

const columns = [
  "minute",
  "records/s",
  "rss MB",
  "heap MB",
  "arrays MB",
  "keys",
  "keys seen",
  "state keys",
  "state MB",
];

interface Flags {
  readonly minutes: number;
  readonly keys: number;
  readonly seed: number;
}

const program = new Command("soak")
  .enablePositionalOptions()
  .description("full load with keys that come and go, and the memory that it takes")
  .option("--minutes <n>", "how long", Number, 30)
  .option("--keys <n>", "keys that the state may hold", Number, 20_000)
  .option("--seed <n>", "seed of the values", Number, 1)
  .action(async ({ minutes, keys, seed }: Flags) => {
    const began = performance.now();
    const rows: Memory[] = [];
    let told = 0;
    print(columns);
    const tell = (sample: SoakSample): void => {
      const seconds = (performance.now() - began) / 1000 - 60 * rows.length;
      const held = memory();
      rows.push(held);
      const numbers = [
        (sample.records - told) / seconds,
        ...[held.rss, held.heap, held.arrays].map((bytes) => bytes / 1e6),
        ...[sample.keys, sample.keysSeen, sample.stateKeys],
      ];
      told = sample.records;
      print([rows.length, ...numbers.map(Math.round), (sample.stateBytes / 1e6).toFixed(1)]);
    };
    const end = await soak({
      maxKeys: keys,
      seed,
      ends: (sample) => {
        if ((performance.now() - began) / 60_000 >= rows.length + 1) tell(sample);
        return rows.length >= minutes;
      },
    });
    const lost = end.records - end.forecasts - end.deadLetters;
    const growth = (["rss", "heap", "arrays"] as const).map(
      (name) => [name, growthOf(rows.map((row) => row[name]))] as const,
    );
    print([
      `${end.records} records, lost ${lost}; growth ${growth.map(([name, x]) => `${name} ${x.toFixed(3)}`).join(", ")}`,
    ]);
    if (lost !== 0 || end.keys > keys || growth.some(([, x]) => x > allowedGrowth)) process.exitCode = 1;
  });

const brokerColumns = ["minute", "instance", "rss MB", "heap MB", "arrays MB", "keys", "state MB"];

interface BrokerFlags {
  readonly minutes: number;
  readonly rebalanceMinutes: number;
  readonly recordsPerSecond: number;
  readonly seed: number;
  readonly client: ClientKind;
  readonly groupProtocol: GroupProtocol;
}

program
  .command("broker")
  .description("two instances on a real broker: windows of keys that come and go, incidents, rebalances")
  .option("--minutes <n>", "how long", Number, 60)
  .option("--rebalance-minutes <n>", "minutes from one visit of a third instance to the next", Number, 5)
  .option("--records-per-second <n>", "pace of the input", Number, 500)
  .option("--seed <n>", "seed of the input", Number, 1)
  .addOption(new Option("--client <client>").choices(clientKinds).default("kafkajs"))
  .addOption(new Option("--group-protocol <protocol>").choices(groupProtocols).default("classic"))
  .action(async (options: BrokerFlags) => {
    const broker = await startBroker();
    if (typeof broker === "string") return program.error(broker);
    // Instances end with this process; a broker has to be asked.
    const ended = new Promise<never>((_, reject) => {
      for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => reject(new Error(name)));
    });
    try {
      print(brokerColumns);
      const soak = soakOnBroker(createTestBroker(broker.brokers), { ...options, onSample: minuteRows() });
      judge(await Promise.race([soak, ended]));
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    } finally {
      await broker.stop();
    }
    // After a signal the run is still waiting for something.
    process.exit();
  });

await program.parseAsync();

/** Prints the least that an instance held in each minute. */
function minuteRows(): (sample: InstanceSample) => void {
  const open = new Map<string, InstanceSample[]>();
  return (sample) => {
    const rows = open.get(sample.instance) ?? [];
    open.set(sample.instance, rows);
    if (rows.length > 0 && Math.floor(rows[0]!.minute) < Math.floor(sample.minute)) {
      const least = (name: "rss" | "heap" | "arrays"): string =>
        (Math.min(...rows.map((row) => row[name])) / 1e6).toFixed(0);
      const { instance, keys, minute, state } = rows.at(-1)!;
      print([
        Math.floor(minute) + 1,
        instance,
        least("rss"),
        least("heap"),
        least("arrays"),
        keys,
        (state / 1e6).toFixed(1),
      ]);
      rows.length = 0;
    }
    rows.push(sample);
  };
}

function judge({ samples, trace, details, ...figures }: BrokerSoakReport): void {
  for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(16)} ${value}\n`);
  let isFlat = true;
  for (const index of [0, 1]) {
    const of = (bytes: (sample: InstanceSample) => number): number =>
      growthOf(samples.map((row) => bytes(row[index]!)));
    const growth = [
      { name: "rss", factor: of(({ rss }) => rss) },
      { name: "heap and arrays", factor: of(({ heap, arrays }) => heap + arrays) },
    ];
    print([`i${index} growth`, ...growth.map(({ name, factor }) => `${name} ${factor.toFixed(3)}`)]);
    if (growth.some(({ factor }) => factor > allowedGrowth)) isFlat = false;
  }
  const wrong = figures.lost + figures.duplicated + figures.differing;
  if (wrong > 0) process.stderr.write(`${[...details, "what happened, in ms:", ...trace].join("\n  ")}\n`);
  if (wrong > 0 || !isFlat) process.exitCode = 1;
}

function print(cells: readonly (string | number)[]): void {
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(10)).join("  ")}\n`);
}
