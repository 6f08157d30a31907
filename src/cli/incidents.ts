/** The command `incidents`: lists the incidents of the topic, each as it was last written. */
import { Command } from "commander";
import { readIncidents } from "../adapters/kafka/offline/incidents.js";
import { loadConfig } from "../config/load.js";
import { parseIsoTime } from "../forecast/iso-time.js";
import { feedbackCommand } from "./incident-feedback.js";
import { verdicts } from "../pipeline/state/feedback.js";
import { kindText } from "../pipeline/explain-incident.js";
import type { IncidentMessage } from "../pipeline/encode/incidents/message.js";
import type { InputRecord } from "../pipeline/ports.js";
import { timeReader } from "../pipeline/times/reader.js";
import { plainTable } from "./backtest/backtest-table.js";
import { incidentReader } from "./shared/incident-reader.js";
import { addInputOption, withInput, type InputFlag } from "./shared/inputs.js";
import { reachedBrokers } from "./shared/kafka-options.js";
import { addTimeoutOption, type TimeoutFlag } from "./shared/options.js";
import { figure, plainText, whole } from "./shared/text.js";

interface IncidentsFlags extends TimeoutFlag, InputFlag {
  readonly config?: string;
  readonly key?: string;
  readonly since?: string;
  readonly json?: true;
  readonly candidate?: true;
}

const notes = `
Incidents are listed in the order of their begin. An open one is shown as of its last update. The command reads the topic
topics.incidents from its start; it writes nothing and does not disturb a running service. What the topic's retention has
removed is not listed. With --candidate the topic is topics.candidateIncidents, also for the commands below. The commands ack, expected and wrong write feedback to the topic, which a running service reads. explain --incident ID derives an incident again from the input.`;

export function incidentsCommand(): Command {
  const command = addInputOption(addTimeoutOption(new Command("incidents")))
    .description("list the incidents of the topic, each in its latest state")
    .option("-c, --config <file>", "YAML file with the configuration")
    .option("--key <key>", "incidents of this key only")
    .option("--since <time>", "incidents that last to this time: epoch milliseconds or ISO 8601")
    .option("--candidate", "incidents of the candidate instead of the live model")
    .option("--json", "print one JSON object")
    .addHelpText("after", notes)
    .action(incidents);
  for (const verdict of verdicts) command.addCommand(feedbackCommand(verdict));
  return command;
}

/** Names of the option in errors about its time. */
const timeNames = { unit: () => "--since takes milliseconds", format: "--since takes ISO 8601" };

async function incidents({ config, key, since, json, candidate, ...others }: IncidentsFlags): Promise<void> {
  const settings = withInput(loadConfig(config, process.env).settings, others);
  const least = since === undefined ? -Infinity : timeReader({}, timeNames, true)(since);
  const options = await reachedBrokers(settings, others);
  // Several readings of one record may begin incidents of one id.
  const latest = new Map<string, IncidentMessage>();
  const reader = await incidentReader(settings);
  const take = ({ value }: InputRecord): void => {
    const message = reader.read(value);
    if (message === undefined || (key !== undefined && message.key !== key)) return;
    latest.set(JSON.stringify([message.id, message.key]), message);
  };
  await readIncidents(options, { isCandidate: candidate }, take, reader.prepare);
  reader.warn();
  const found = [...latest.values()]
    .filter(({ end, state }) => state === "open" || parseIsoTime(end) >= least)
    .sort((a, b) => parseIsoTime(a.begin) - parseIsoTime(b.begin) || (a.id < b.id ? -1 : 1));
  process.stdout.write(json === true ? `${JSON.stringify({ incidents: found })}\n` : asText(found));
}

function asText(found: readonly IncidentMessage[]): string {
  if (found.length === 0) return "No incidents.\n";
  const table = plainTable(
    ["id", "key", "state", "kind", "begin", "end", "severity", "peak", "expected", "values"],
    6,
  );
  for (const { id, key, state, muted, begin, end, ...others } of found) {
    table.push([
      ...[plainText(id, 60), plainText(key, 32), muted ? `${state}, muted` : state],
      ...[kindText(others), begin, state === "open" ? "–" : end],
      ...[others.severity.toFixed(1), figure(others.peak_value ?? NaN), figure(others.peak_expected ?? NaN)],
      whole(others.events),
    ]);
  }
  const open = found.filter(({ state }) => state === "open").length;
  return `${table.toString()}\n\n${whole(found.length)} incidents, ${whole(open)} of them open.\n`;
}
