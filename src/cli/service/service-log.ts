/** The log of the service: JSON lines on standard error, one for each step of a task's life and each line of the client's. */
import { pino, type Logger } from "pino";
import type { KafkaLogEntry } from "../../adapters/kafka/options.js";
import type { Config } from "../../config/schema.js";
import type { TaskEvent } from "../../pipeline/events.js";
import { repartitionAdvice } from "../../pipeline/input-sample.js";

export type ServiceLog = Logger;

/** Lines are written at once: what is logged last before an end is what tells of its reason. */
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

/** Writes what happens to a task as one line. */
export function logTaskEvent(log: ServiceLog, event: TaskEvent): void {
  const { type, ...fields } = event;
  const entry = { event: type, ...fields };
  switch (event.type) {
    case "taking-over":
      log.info(entry, "taking over the partition: fencing its earlier owner, reading the state");
      break;
    case "taken-over":
      if (event.reason === undefined) log.info(entry, `partition taken over: ${event.plan}`);
      else if (event.plan === "fresh") log.warn(entry, "partition taken over with an empty state");
      else log.warn(entry, "partition taken over with a state of another kernel");
      break;
    case "replaying":
      log.info(
        { ...entry, secondsLeft: rounded(event.secondsLeft) },
        "replaying the input since the snapshot",
      );
      break;
    case "live":
      log.info({ ...entry, seconds: rounded(event.seconds) }, "live: forecasts follow");
      break;
    case "committed":
      log.debug(entry, "committed");
      break;
    case "shared-key":
      log.warn(
        entry,
        `a key comes in the partitions ${event.other} and ${event.partition}: it is a series of its own in each. ${repartitionAdvice}`,
      );
      break;
    case "restarting": {
      const { code, message } = event.error;
      log.warn({ ...entry, error: { code, message } }, "beginning anew from what is durable");
      break;
    }
    case "released":
      log.info(entry, "partition released");
      break;
  }
}

/**
 * Writes a line of the Kafka client's own log. The client calls an error whatever it tries again; what it gives up on
 * comes back as an error of the pipeline, so that nothing here is worse than a warning. Its connections report every
 * answer that is no success, one at nearly every transaction and at every rebalance: they belong to normal work. And
 * what it merely informs of, the pipeline tells in words of its own.
 */
export function logKafkaEntry(log: ServiceLog, { level, message, fields }: KafkaLogEntry): void {
  const { namespace, stack: _stack, ...others } = fields;
  const entry = { event: "kafka", source: namespace, ...others };
  const notable = (level === "error" || level === "warn") && namespace !== "Connection";
  log[notable ? "warn" : "debug"](entry, message);
}

/** Seconds to a tenth; null, as JSON has nothing better, where there is no pace to tell it from. */
function rounded(seconds: number): number | null {
  return Number.isFinite(seconds) ? Math.round(10 * seconds) / 10 : null;
}
