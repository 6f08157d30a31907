/** The commands `promote` and `demote`: make the candidate's model the live one, and the configured model again. */
import { Command } from "commander";
import { feedbackTopic } from "../../adapters/kafka/inputs.js";
import { commandPromotion } from "../../adapters/kafka/offline/write-feedback.js";
import { promoteStates } from "../../adapters/kafka/offline/move-states.js";
import { outlineStates } from "../../adapters/kafka/offline/states.js";
import type { KafkaOptions } from "../../adapters/kafka/options.js";
import { loadConfig } from "../../config/load.js";
import { UndercurrentError } from "../../errors/errors.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import { compareSettings } from "../../forecast/snapshot/signature.js";
import { hasLearnedNothing } from "../../pipeline/state/promotion.js";
import { learnedNothing } from "../../pipeline/state/transfer.js";
import { addInputOption, withInput, type InputFlag } from "../shared/inputs.js";
import { reachedBrokers } from "../shared/kafka-options.js";
import { addTimeoutOption, type TimeoutFlag } from "../shared/options.js";
import { configuredModels } from "../shared/pipeline.js";
import { whole } from "../shared/text.js";

interface PromoteFlags extends TimeoutFlag, InputFlag {
  readonly config?: string;
  readonly force?: true;
}

const notes = `
The service goes on meanwhile. The command writes a record to each partition of topics.feedback, or of topics.incidents without it. The
owner of the partition exchanges the roles of the two models with its next commit, exactly once. If the service is stopped, its next start does so. The log has a line
"promoted" for each partition, or "already-live" where the model was live before.

Without either topic, stop the service first: its consumer group must be empty. One transaction per partition then
exchanges the roles at the committed offset.

A model that has learned nothing where the live one has learned something is refused: by its state in the last snapshots, and by the
owner of each partition. --force promotes it all the same.

The former live model becomes the candidate, which learns on. The configuration may stay as it is, or exchange the two
models: the state says which one is live. The command can be repeated.`;

export function promoteCommand(): Command {
  return command("promote", "make the candidate's model the live one", "candidate");
}

export function demoteCommand(): Command {
  return command("demote", "make the configured model the live one again", "forecaster");
}

function command(name: string, description: string, role: "forecaster" | "candidate"): Command {
  return addInputOption(addTimeoutOption(new Command(name)))
    .description(description)
    .option("-c, --config <file>", "YAML file with the configuration")
    .option("--force", "also if the model has learned nothing yet")
    .addHelpText("after", notes)
    .action((flags: PromoteFlags) => promote(flags, role));
}

async function promote(flags: PromoteFlags, role: "forecaster" | "candidate"): Promise<void> {
  const settings = withInput(loadConfig(flags.config, process.env).settings, flags);
  const model = configuredModels(settings)[role];
  if (model === undefined || settings.candidate === undefined) {
    throw new UndercurrentError("SETTING_INVALID", "the configuration has no section candidate");
  }
  const options = await reachedBrokers(settings, flags);
  const topic = feedbackTopic(options.topics);
  if (topic !== undefined) {
    if (flags.force !== true) await refuseUntaught(options, model);
    const partitions = await commandPromotion(options, topic, model, flags.force);
    process.stdout.write(
      `commanded ${whole(partitions)} partition${partitions === 1 ? "" : "s"}: the service makes ${model.cell}${model.hidden} the live model with its next commit\n`,
    );
    return;
  }
  for (const { partition, after } of await promoteStates(options, model, flags.force)) {
    const what =
      after === undefined
        ? "unchanged, the model is live already"
        : `${whole(after.keys)} keys, snapshot at offset ${after.state}; live from offset ${after.committed}`;
    process.stdout.write(`partition ${partition}: ${what}\n`);
  }
}

/** Throws SETTING_INVALID where the last snapshot of a partition shows that the model has learned nothing, and the live one has. */
async function refuseUntaught(options: KafkaOptions, model: ForecasterSettings): Promise<void> {
  try {
    for await (const { partition, state } of outlineStates(options)) {
      if (state === undefined || state instanceof UndercurrentError) continue;
      if (compareSettings(state.settings, model) === "same") continue;
      const { candidate } = state;
      const isOther = candidate === undefined || compareSettings(candidate.settings, model) !== "same";
      const learned = isOther ? { settings: { ...model }, version: 0, keys: 0 } : candidate;
      if (!hasLearnedNothing(learned, state)) continue;
      throw learnedNothing(
        `topic ${options.topics.input}, partition ${partition}, snapshot of offset ${state.offset}`,
      );
    }
  } catch (error) {
    // Who may only write commands leaves the decision to the owners.
    if (error instanceof UndercurrentError && error.code === "ACCESS_DENIED") return;
    throw error;
  }
}
