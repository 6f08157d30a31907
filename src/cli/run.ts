/** The command `run`: the service, from a topic of observations to one of forecasts, exactly once. */
import { Command } from "commander";
import { lastValueFrom, tap } from "rxjs";
import { kafkaPorts } from "../adapters/kafka/index.js";
import { loadConfig } from "../config/load.js";
import { redact } from "../config/redact.js";
import { run } from "../pipeline/run.js";
import { kafkaOptions } from "./kafka-options.js";
import { logKafkaEntry, logTaskEvent, serviceLog } from "./service-log.js";
import { stopSignal } from "./signals.js";
import { packageVersion } from "./version.js";

interface RunFlags {
  readonly config?: string;
}

const notes = `
Without a file every setting has its default: docs/configuration.md. The log is JSON lines on standard error. SIGINT and
SIGTERM end the service in order: every partition finishes its batch and commits a snapshot, then the group is left and
the exit code is 0. A second signal ends it at once; nothing is lost, but the next start replays what came since the
last snapshot.`;

export function runCommand(): Command {
  return new Command("run")
    .description("the service: forecasts from one Kafka topic into another, exactly once")
    .option("-c, --config <file>", "configuration, a YAML file")
    .addHelpText("after", notes)
    .action(service);
}

async function service(flags: RunFlags): Promise<void> {
  const loaded = loadConfig(flags.config, process.env);
  const { model, decode, late, snapshot, recovery, commit, ...settings } = loaded.settings;
  const log = serviceLog(settings);
  const kafka = kafkaPorts(kafkaOptions(settings, (entry) => logKafkaEntry(log, entry)));
  log.info({ event: "starting", version: packageVersion(), config: redact(loaded) }, "starting");
  const stop = stopSignal();
  stop.addEventListener("abort", () =>
    log.info({ event: "stopping" }, "stopping: a second signal ends at once"),
  );
  const tasks = run(kafka.source, kafka.committer, {
    forecaster: model,
    decode,
    late,
    snapshot,
    recovery,
    commit,
    stop,
  });
  try {
    await lastValueFrom(tasks.pipe(tap((event) => logTaskEvent(log, event))), { defaultValue: undefined });
  } finally {
    await kafka.closed();
  }
  log.info({ event: "stopped" }, "stopped");
}
