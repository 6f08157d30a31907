#!/usr/bin/env node
/** The command `undercurrent`: its verbs, and how an error ends it. */
import { Command, CommanderError } from "commander";
import { backtestCommand } from "./cli/backtest/backtest.js";
import { configCommand } from "./cli/config.js";
import { demoCommand } from "./cli/demo.js";
import { explainCommand } from "./cli/explain.js";
import { lintCommand } from "./cli/lint.js";
import { pipeCommand } from "./cli/pipe.js";
import { runCommand } from "./cli/service/run.js";
import { seedCommand } from "./cli/seed.js";
import { stateCommand } from "./cli/state/state.js";
import { topicsCommand } from "./cli/topics.js";
import { packageVersion } from "./cli/shared/version.js";
import { describeError, exitCodeOf, exitCodes, UndercurrentError } from "./errors/errors.js";

const notes = `
Exit codes: ${exitCodes.ok} success, ${exitCodes.unexpected} defect of this program, ${exitCodes.settings} settings or options, ${exitCodes.input} input, ${exitCodes.output} output or address,
${exitCodes.state} saved state, ${exitCodes.external} a broker, file or package is missing. Errors go to standard error: the code, what happened
to the data, and the next action.`;

function program(): Command {
  const command = new Command("undercurrent")
    .description("Forecasts the next value of every key in an event stream and learns online.")
    .version(packageVersion())
    .addCommand(demoCommand())
    .addCommand(runCommand())
    .addCommand(configCommand())
    .addCommand(topicsCommand())
    .addCommand(seedCommand())
    .addCommand(lintCommand())
    .addCommand(stateCommand())
    .addCommand(explainCommand())
    .addCommand(pipeCommand())
    .addCommand(backtestCommand())
    .addHelpText("after", notes);
  quiet(command);
  return command;
}

/** Commander's messages are printed below, with a code and the next action like every other error. */
function quiet(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  command.commands.forEach(quiet);
}

/** Commander's own errors as ours; undefined where it only printed help or the version. */
function asOurs(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (error.exitCode === 0) return undefined;
  if (error.code === "commander.help") return new UndercurrentError("SETTING_INVALID", "no command given");
  return new UndercurrentError("SETTING_INVALID", error.message.replace(/^error: /, ""), { cause: error });
}

async function main(): Promise<void> {
  // Whoever reads the output may close it early, as `head` does: that is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.ok);
  });
  try {
    await program().parseAsync();
  } catch (thrown) {
    const error = asOurs(thrown);
    if (error === undefined) return;
    process.stderr.write(`${describeError(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

await main();
