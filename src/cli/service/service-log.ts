/** Writes the log of the service: JSON lines on standard error for task events and for the Kafka client. */
import { pino, type Logger } from "pino";
import type { KafkaLogEntry } from "../../adapters/kafka/options.js";
import type { Config } from "../../config/schema.js";
import type { TaskEvent } from "../../pipeline/events.js";
import { repartitionAdvice } from "../../pipeline/input-sample.js";
import { Rejections } from "../shared/rejections.js";

export type ServiceLog = Logger;

/** Creates the log. It writes synchronously, because the last line before an exit holds the reason. */
export function serviceLog({ applicationId, log }: Pick<Config, "applicationId" | "log">): ServiceLog {
  return pino(
    {
      level: log.level,
      base: { applicationId },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** Returns a counter of rejections that logs them. Records that the settings leave out are no reason to warn. */
export function loggedRejections(log: ServiceLog): Rejections {
  return new Rejections((line, code) => {
    if (code === "RECORD_SKIPPED") log.info({ event: "skipped" }, line);
    else log.warn({ event: "rejected" }, line);
  });
}

/** Logs an event of the repartition before the forecasts. It has no state, and emits no forecasts. */
export function logRepartitionEvent(log: ServiceLog, event: TaskEvent): void {
  const { type, ...fields } = event;
  const entry = { event: type, ...fields };
  if (type === "taking-over") log.info(entry, "taking over the source partition: fencing the former owner");
  else if (type === "live") log.info(entry, "live: writing records to the intermediate topic");
  else logTaskEvent(log, event);
}

/** Logs a task event as one line. */
export function logTaskEvent(log: ServiceLog, event: TaskEvent): void {
  const { type, ...fields } = event;
  const entry = { event: type, ...fields };
  switch (event.type) {
    case "taking-over":
      log.info(entry, "taking over the partition: fencing the former owner and restoring the state");
      break;
    case "taken-over":
      if (event.reason === undefined) log.info(entry, `partition taken over: ${event.plan}`);
      else if (event.plan === "fresh") log.warn(entry, "partition taken over with an empty state");
      else log.warn(entry, "partition taken over with a state of another kernel: last bits may differ");
      break;
    case "replaying":
      log.info(
        { ...entry, secondsLeft: rounded(event.secondsLeft) },
        "replaying the input since the snapshot, without emitting",
      );
      break;
    case "live":
      log.info({ ...entry, seconds: rounded(event.seconds) }, "live: emitting forecasts");
      break;
    case "committed":
      log.debug(entry, "committed");
      break;
    case "retuned":
      log.info(entry, "the reloaded settings of the model hold from this offset on");
      break;
    case "promoted":
      log.info(entry, "the promoted model is live from this offset on");
      break;
    case "already-live":
      log.info(entry, "a command named the model that is live already: nothing changes");
      break;
    case "promotion-refused":
      log.warn(entry, "a promotion was refused: the live model stays");
      break;
    case "shared-key":
      log.warn(
        entry,
        `a key arrives in partitions ${event.other} and ${event.partition} and is a separate series in each. ${repartitionAdvice}`,
      );
      break;
    case "local-times":
      log.warn({ ...entry, note: undefined }, event.note);
      break;
    case "restarting": {
      const { code, message } = event.error;
      log.warn({ ...entry, error: { code, message } }, "restarting the task from the last durable commit");
      break;
    }
    case "released":
      log.info(entry, "partition released");
      break;
  }
}

/**
 * Logs a line of the Kafka client as a warning at most. The client logs retries as errors; fatal errors reach the
 * pipeline and are logged there. Lines of the namespace Connection go to debug: the client logs every negative answer of
 * a broker there, also in normal transactions and rebalances. Informational lines go to debug: the pipeline logs its own.
 */
export function logKafkaEntry(log: ServiceLog, { level, message, fields }: KafkaLogEntry): void {
  const { namespace, stack: _stack, ...others } = fields;
  const entry = { event: "kafka", source: namespace, ...others };
  const notable = (level === "error" || level === "warn") && namespace !== "Connection";
  log[notable ? "warn" : "debug"](entry, message);
}

/** Rounds seconds to a tenth; null if there is no estimate, because JSON has no Infinity. */
function rounded(seconds: number): number | null {
  return Number.isFinite(seconds) ? Math.round(10 * seconds) / 10 : null;
}
