/** `npm run chaos -- --kills N --rebalances N --pauses N --broker-restarts N --cuts N [--delete-state] --seed S [--client C] [--producer P] [--group-protocol P] [--shape S] [--json]`: exits with 1 unless nothing was lost, doubled or changed. */
import { Command, InvalidArgumentError, Option } from "commander";
import {
  clientKinds,
  groupProtocols,
  producerKinds,
  type ClientKind,
  type GroupProtocol,
  type ProducerKind,
} from "../../src/adapters/kafka/options.js";
import { createTestBroker } from "../support/broker-client.js";
import { startJavaBroker, startJavaCluster, type JavaBroker } from "../support/broker-java.js";
import { startBroker } from "../support/broker-start.js";
import { runChaos, type ChaosReport } from "./chaos.js";
import { shapeNames, type ShapeName } from "./shapes.js";

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError("a whole number is needed");
  return value;
}

interface Flags {
  readonly kills: number;
  readonly rebalances: number;
  readonly pauses: number;
  readonly brokerRestarts: number;
  readonly brokers: number;
  readonly cuts: number;
  readonly deleteState: boolean;
  readonly seed: number;
  readonly client: ClientKind;
  readonly producer?: ProducerKind;
  readonly groupProtocol: GroupProtocol;
  readonly shape: ShapeName;
  readonly json?: boolean;
}

/** A cluster, of which one broker after the other is restarted: in order, and the next by SIGKILL. */
async function startCluster(count: number): Promise<JavaBroker> {
  const all = await startJavaCluster(count);
  let restarts = 0;
  return {
    brokers: all.flatMap(({ brokers }) => brokers),
    kind: "java",
    restart: async () => {
      const signal = restarts % 2 === 0 ? "SIGTERM" : "SIGKILL";
      await all[restarts++ % count]!.restart(signal);
    },
    stop: async () => {
      await Promise.all(all.map((broker) => broker.stop()));
    },
  };
}

async function main({ json = false, brokers, ...options }: Flags): Promise<void> {
  if (brokers > 1 && options.cuts > 0)
    throw new Error("connections are cut before one broker alone: --cuts 0");
  // Of the brokers that there may be, those in Java processes can be restarted on their ports and their logs.
  const java =
    brokers > 1
      ? await startCluster(brokers)
      : options.brokerRestarts > 0
        ? await startJavaBroker()
        : undefined;
  const running = java ?? (await startBroker());
  if (typeof running === "string") {
    process.stderr.write(`${running}\n`);
    process.exitCode = 1;
    return;
  }
  // Instances end with this process; a broker has to be asked.
  const ended = new Promise<never>((_, reject) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => reject(new Error(name)));
  });
  try {
    print(
      await Promise.race([
        runChaos(createTestBroker(running.brokers), options, java && (() => java.restart())),
        ended,
      ]),
      json,
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await running.stop();
  }
  // After a signal the run is still waiting for something.
  process.exit();
}

function print({ trace, details, ...figures }: ChaosReport, json: boolean): void {
  const failed = figures.lost + figures.duplicated + figures.differing > 0;
  if (json) process.stdout.write(`${JSON.stringify({ ...figures, details }, undefined, 2)}\n`);
  else
    for (const [name, value] of Object.entries(figures))
      process.stdout.write(`${name.padEnd(12)} ${value}\n`);
  if (!failed) return;
  process.stderr.write(`${[...details, "what happened, in ms:", ...trace].join("\n  ")}\n`);
  process.exitCode = 1;
}

await new Command("chaos")
  .description("kills and rebalances instances of the service on a real broker while input flows")
  .option("--kills <n>", "instances that are killed by SIGKILL", count, 30)
  .option("--rebalances <n>", "rebalances from one instance to three and back", count, 10)
  .option("--pauses <n>", "instances that stand still until they are fenced, and go on", count, 0)
  .option("--broker-restarts <n>", "restarts of the broker, which needs Java", count, 0)
  .option("--brokers <n>", "brokers that replicate everything, which needs Java; 1 may be any", count, 1)
  .option("--cuts <n>", "connections that are cut in the midst of a transaction", count, 0)
  .option("--delete-state", "delete the state topic at the end: no instance may go on or begin", false)
  .option("--seed <n>", "seed of the input and of the order of faults", count, 1)
  .addOption(
    new Option("--client <client>", "client of the instances").choices(clientKinds).default("kafkajs"),
  )
  .addOption(
    new Option("--group-protocol <protocol>", "protocol of their group")
      .choices(groupProtocols)
      .default("classic"),
  )
  .addOption(
    new Option("--producer <client>", "client that writes, if another than the one that reads").choices(
      producerKinds,
    ),
  )
  .addOption(
    new Option("--shape <shape>", "what the topics hold, and what runs on them")
      .choices(shapeNames)
      .default("readings"),
  )
  .option("--json", "print one JSON object")
  .action(main)
  .parseAsync();
