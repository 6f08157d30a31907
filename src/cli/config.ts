/** The command `config`: prints the effective configuration, or every default, as YAML. */
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
Secrets are printed as [redacted], values from environment variables as \${NAME}.`;

export function configCommand(): Command {
  return new Command("config")
    .description("print the effective configuration, or a commented default file")
    .option("-c, --config <file>", "YAML file with the configuration")
    .addOption(
      new Option("--default", "print every setting with its default and description").conflicts("config"),
    )
    .addHelpText("after", notes)
    .action((flags: ConfigFlags) => {
      process.stdout.write(
        flags.default === true ? defaultYaml() : stringify(redact(loadConfig(flags.config, process.env))),
      );
    });
}
