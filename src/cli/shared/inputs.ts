/** Chooses among the input topics of a configuration, for commands that work on one of them or on each. */
import type { Command } from "commander";
import {
  describeInput,
  inputPlaceholder,
  intermediateTopic,
  isPattern,
  isSeveral,
  matcherOf,
  namedInputs,
  topicsOf,
} from "../../adapters/kafka/inputs.js";
import type { Config } from "../../config/schema.js";
import type { RepartitionBy } from "../../pipeline/repartition/repartition.js";
import { UndercurrentError } from "../../errors/errors.js";
import type { KafkaSettings } from "./kafka-options.js";

/** The option as commander gives it. */
export interface InputFlag {
  readonly input?: string;
}

/** A configuration of one input topic. */
export type InputConfig = Omit<Config, "topics"> & Pick<KafkaSettings<string>, "topics">;

/** Adds the option for one of several input topics. */
export function addInputOption(command: Command): Command {
  return command.option("--input <topic>", "input topic, where the configuration has several");
}

/**
 * Returns the configuration of one input topic: the only one, or the one that is named.
 *
 * @throws SETTING_INVALID if there are several and none is named, or another one.
 */
export function withInput(settings: Config, { input: chosen }: InputFlag): InputConfig {
  if (settings.topics.repartition === false)
    return withSource(settings, { ...(chosen !== undefined && { input: chosen }) });
  const intermediate = intermediateTopic(settings.applicationId);
  if (chosen !== undefined && chosen !== intermediate) throw unknownInput(chosen, intermediate);
  return ofInput(settings, intermediate);
}

/** The same, before a repartition: the topic that others write. */
export function withSource(settings: Config, { input: chosen }: InputFlag): InputConfig {
  const { input } = settings.topics;
  if (isPattern(input)) {
    if (chosen === undefined) throw needsInput(input.pattern);
    if (!matcherOf(input.pattern)(chosen)) throw unknownInput(chosen, input.pattern);
    return ofInput(settings, chosen);
  }
  const names = namedInputs(input)!;
  if (chosen === undefined && names.length > 1) throw needsInput(names.join(", "));
  if (chosen !== undefined && !names.includes(chosen)) throw unknownInput(chosen, names.join(", "));
  return ofInput(settings, chosen ?? names[0]!);
}

/** Returns the configuration of one of its input topics. */
export function ofInput(settings: Config, input: string): InputConfig {
  return { ...settings, topics: topicsOf(settings.topics, input) };
}

/** Returns the configuration of what forecasts: after a repartition its input is the intermediate topic. */
export function forecasting(settings: Config): Config {
  const { topics, applicationId } = settings;
  return topics.repartition === false ? settings : ofInput(settings, intermediateTopic(applicationId));
}

/** Returns the configuration without a repartition, for what reads the input as it is and writes nothing. */
export function withoutRepartition(settings: Config): Config {
  const { topics } = settings;
  if (topics.repartition === false) return settings;
  const own = (name: string): string => `${inputPlaceholder}-${name}`;
  const outputs = {
    forecasts: own("forecasts"),
    state: own("state"),
    incidents: undefined,
    feedback: undefined,
    candidate: undefined,
    candidateIncidents: undefined,
  };
  return { ...settings, topics: { ...topics, ...outputs, repartition: false } };
}

/** Whether a repartition puts all records of a key into one partition. */
export function placesByKey({ topics: { repartition } }: Pick<Config, "topics">): boolean {
  return repartition !== false && byOf(repartition) === "key";
}

/** Returns how a repartition places records: by default by their keys. */
export function byOf(repartition: true | RepartitionBy): RepartitionBy {
  return repartition === true ? "key" : repartition;
}

/** Names the input for titles. */
export function titleOf({ topics: { input } }: Pick<Config, "topics">): string {
  return describeInput(input);
}

/** Returns whether a configuration forecasts several input topics, each for itself. */
export function hasSeveral({ topics: { input, repartition } }: Pick<Config, "topics">): boolean {
  return repartition === false && isSeveral(input);
}

function needsInput(names: string): UndercurrentError {
  return new UndercurrentError(
    "SETTING_INVALID",
    `the configuration has several input topics; choose one with --input: ${names}`,
  );
}

function unknownInput(chosen: string, names: string): UndercurrentError {
  return new UndercurrentError(
    "SETTING_INVALID",
    `--input: ${chosen} is no input topic of the configuration: ${names}`,
  );
}
