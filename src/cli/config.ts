/** The command `config`: the configuration that is in effect, or every setting at its default, as YAML. */
import { Command, Option } from "commander";
import { stringify } from "yaml";
import { defaultYaml } from "../config/default-yaml.js";
import { loadConfig } from "../config/load.js";
import { redact } from "../config/redact.js";

interface ConfigFlags {
  readonly config?: string;
  readonly default?: boolean;
}

const notes = `
Secrets are printed as [redacted], and values from the environment as they were written, \${NAME}.`;

export function configCommand(): Command {
  return new Command("config")
    .description("print the configuration that is in effect, or a commented one to begin with")
    .option("-c, --config <file>", "configuration, a YAML file")
    .addOption(
      new Option("--default", "every setting with its default and what it is for").conflicts("config"),
    )
    .addHelpText("after", notes)
    .action((flags: ConfigFlags) => {
      process.stdout.write(
        flags.default === true ? defaultYaml() : stringify(redact(loadConfig(flags.config, process.env))),
      );
    });
}
