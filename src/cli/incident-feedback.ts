/** The commands `incidents ack`, `expected` and `wrong`: say that an incident was fine, so that its like is not told for a while. */
import { Command, InvalidArgumentError } from "commander";
import { feedbackTopic } from "../adapters/kafka/inputs.js";
import { readIncidents } from "../adapters/kafka/offline/incidents.js";
import { writeFeedbackRecords } from "../adapters/kafka/offline/write-feedback.js";
import { loadConfig } from "../config/load.js";
import { UndercurrentError } from "../errors/errors.js";
import type { IncidentKind } from "../forecast/incidents/kinds.js";
import { parseIsoTime } from "../forecast/iso-time.js";
import { placeOfIncident } from "../pipeline/explain-incident.js";
import type { IncidentMessage } from "../pipeline/encode/incidents/message.js";
import type { InputRecord } from "../pipeline/ports.js";
import { feedbackMessage, type Verdict } from "../pipeline/state/feedback.js";
import { incidentReader } from "./shared/incident-reader.js";
import { addInputOption, withInput, type InputFlag } from "./shared/inputs.js";
import { reachedBrokers } from "./shared/kafka-options.js";
import { addTimeoutOption, type TimeoutFlag } from "./shared/options.js";
import { plainText } from "./shared/text.js";

interface FeedbackFlags extends TimeoutFlag, InputFlag {
  readonly config?: string;
  readonly for?: number;
  readonly json?: true;
  readonly candidate?: true;
}

const day = 86_400_000;
const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: day, w: 7 * day };

/** What each verdict says, and for how long its like is not told, in ms. */
const verdictsSaid: Readonly<Record<Verdict, { readonly description: string; readonly lasts: number }>> = {
  ack: {
    description: "say that an incident is known: no other of its kind is told of its key for a day",
    lasts: day,
  },
  expected: {
    description:
      "say that an incident was to be expected: no other of its kind is told of its key for 30 days",
    lasts: 30 * day,
  },
  wrong: {
    description: "say that an incident was none: no other of its kind is told of its key for a week",
    lasts: 7 * day,
  },
};

/** Reads a length of time such as 12h, in ms. */
export function parseSpan(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  const span = Number(count) * (units[unit ?? ""] ?? NaN);
  if (span > 0) return span;
  throw new InvalidArgumentError("expected a number with m, h, d or w, such as 12h");
}

export function feedbackCommand(verdict: Verdict): Command {
  const { description } = verdictsSaid[verdict];
  return addInputOption(addTimeoutOption(new Command(verdict)))
    .description(description)
    .argument("<id>", "id of the incident, as the list shows it")
    .option("-c, --config <file>", "YAML file with the configuration")
    .option("--for <time>", "event time from the incident's last change on, such as 12h, 7d or 4w", parseSpan)
    .action((id: string, _flags: unknown, command: Command) =>
      say(verdict, id, command.optsWithGlobals<FeedbackFlags>()),
    );
}

async function say(verdict: Verdict, id: string, flags: FeedbackFlags): Promise<void> {
  const settings = withInput(loadConfig(flags.config, process.env).settings, flags);
  const options = await reachedBrokers(settings, flags);
  const { partition } = placeOfIncident(id, options.topics.input);
  const found: { last: IncidentMessage | undefined } = { last: undefined };
  const reader = await incidentReader(settings);
  const take = ({ value }: InputRecord): void => {
    const message = reader.read(value);
    if (message?.id === id) found.last = message;
  };
  await readIncidents(options, { partition, isCandidate: flags.candidate }, take, reader.prepare);
  reader.warn();
  const { last } = found;
  if (last === undefined) {
    const { incidents, candidateIncidents } = options.topics;
    throw new UndercurrentError(
      "HISTORY_MISSING",
      `topic ${flags.candidate === true ? candidateIncidents : incidents}, partition ${partition}: no incident ${JSON.stringify(id)}`,
    );
  }
  const { key, kind, time } = last;
  if (kind === null) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `the kind of ${id} is not known yet: feedback is about a kind; try again when the incident was updated`,
    );
  }
  const until = parseIsoTime(time) + (flags.for ?? verdictsSaid[verdict].lasts);
  const feedback = { key, kind: kind as IncidentKind | "group", until };
  const value = feedbackMessage(verdict, id, feedback);
  await writeFeedbackRecords(options, feedbackTopic(options.topics)!, [{ key, value, partition }]);
  const told = `no ${kind} of ${plainText(key)} is told before ${new Date(until).toISOString()}`;
  process.stdout.write(
    flags.json === true
      ? `${value}\n`
      : `${plainText(id)}: ${told}. The service applies this with its next commit.\n`,
  );
}
