/** The command `undercurrent`: its verbs, and how an error ends it. */
import { Command, CommanderError } from "commander";
import { packageVersion } from "./shared/version.js";
import { describeError, exitCodeOf, exitCodes, UndercurrentError } from "../errors/errors.js";
import { usePretrainedWeights } from "../forecast/learning/initial/use-pretrained.js";
import { tuneV8 } from "./v8.js";

const notes = `
Exit codes: ${exitCodes.ok} success, ${exitCodes.unexpected} defect of this program, ${exitCodes.settings} settings or options, ${exitCodes.input} input, ${exitCodes.output} output or address,
${exitCodes.state} saved state, ${exitCodes.external} a broker, file or package is missing. Errors go to standard error: the code, what happened
to the data, and the next action.`;

/** The commands in the order of the help. Each loads what it needs itself: whoever pipes lines waits for no broker's client. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import("./demo.js")).demoCommand(),
  run: async () => (await import("./service/run.js")).runCommand(),
  config: async () => (await import("./config.js")).configCommand(),
  topics: async () => (await import("./topics.js")).topicsCommand(),
  seed: async () => (await import("./seed.js")).seedCommand(),
  inspect: async () => (await import("./inspect/inspect.js")).inspectCommand(),
  lint: async () => (await import("./lint.js")).lintCommand(),
  learn: async () => (await import("./learn/learn.js")).learnCommand(),
  state: async () => (await import("./state/state.js")).stateCommand(),
  promote: async () => (await import("./state/promote.js")).promoteCommand(),
  demote: async () => (await import("./state/promote.js")).demoteCommand(),
  explain: async () => (await import("./explain.js")).explainCommand(),
  incidents: async () => (await import("./incidents.js")).incidentsCommand(),
  pipe: async () => (await import("./pipe.js")).pipeCommand(),
  backtest: async () => (await import("./backtest/backtest.js")).backtestCommand(),
  tune: async () => (await import("./tune/tune.js")).tuneCommand(),
};

const versionFlags: readonly string[] = ["-V", "--version"];

/** The program with the command that was named, or with all of them where the first argument names none. */
async function program(first = ""): Promise<Command> {
  const all = versionFlags.includes(first) ? [] : Object.keys(commands);
  const named = Object.hasOwn(commands, first) ? [first] : all;
  const command = new Command("undercurrent")
    .description("Forecasts the next value of every key in an event stream and learns online.")
    .version(packageVersion())
    .addHelpText("after", notes);
  for (const name of named) command.addCommand(await commands[name]!());
  quiet(command);
  return command;
}

/** Commander's messages are printed below, with a code and the next action like every other error. */
function quiet(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  command.commands.forEach(quiet);
}

/** Turns commander's errors into ours; undefined if commander only printed help or the version. */
function asOurs(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (error.exitCode === 0) return undefined;
  if (error.code === "commander.help") return new UndercurrentError("SETTING_INVALID", "no command given");
  return new UndercurrentError("SETTING_INVALID", error.message.replace(/^error: /, ""), { cause: error });
}

/** Runs the command that the process's arguments name. */
export async function main(): Promise<void> {
  tuneV8();
  usePretrainedWeights();
  watchOutputs();
  try {
    const command = await program(process.argv[2]);
    await command.parseAsync();
  } catch (thrown) {
    const error = asOurs(thrown);
    if (error === undefined) return;
    end(error);
  }
}

/** Whether the lost output has been reported. */
let isReported = false;

/** Reports an error that ends the process, and sets the exit code. */
function end(error: unknown): void {
  isReported ||= error instanceof UndercurrentError && error.code === "OUTPUT_UNWRITABLE";
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = exitCodeOf(error);
}

/** No output is lost in silence, also where a command writes without waiting. */
function watchOutputs(): void {
  process.stdout.on("error", (cause: NodeJS.ErrnoException) => {
    // A reader such as `head` may close the output early, which is no error.
    if (cause.code === "EPIPE") process.exit(exitCodes.ok);
    // What the command does besides goes on to its end.
    process.once("exit", () => {
      if (isReported) return;
      const message = `standard output cannot be written: ${cause.message}`;
      end(new UndercurrentError("OUTPUT_UNWRITABLE", message, { cause }));
    });
  });
  // Nobody can be told but by the exit code.
  process.stderr.on("error", () => (process.exitCode ??= exitCodes.output));
}
