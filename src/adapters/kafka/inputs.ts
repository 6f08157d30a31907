/** Makes of the options of several input topics those of each topic, which has forecasts and state of its own. */
import { UndercurrentError } from "../../errors/errors.js";
import type { InputTopics, KafkaOptions, KafkaTopics, ServiceOptions, TopicPattern } from "./options.js";

/** Stands for the name of the input topic in the names of its outputs. */
export const inputPlaceholder = "{input}";

/** Returns the name of an application's intermediate topic, by the convention of Kafka Streams. */
export function intermediateTopic(applicationId: string): string {
  return `${applicationId}-input-repartition`;
}

/** Outputs of one input topic: with several inputs, each has its own. */
const ownOutputs = [
  "forecasts",
  "state",
  "incidents",
  "feedback",
  "candidate",
  "candidateIncidents",
] as const;

/** Names of outputs, with the placeholder or without. */
type OutputTopics = Readonly<Partial<Record<(typeof ownOutputs)[number], string | undefined>>>;

/** Topics that need not exist, in the order in which commands name them. */
const optionalTopics = ["incidents", "feedback", "candidate", "candidateIncidents"] as const;

/** Returns the names of the optional topics that are set, without that of the dead letters. */
export function optionalNames(topics: Omit<KafkaTopics, "input">): readonly string[] {
  return optionalTopics.flatMap((name) => topics[name] ?? []);
}

/** Returns the topic of feedback and commands; undefined without one. */
export function feedbackTopic({ incidents, feedback }: OutputTopics): string | undefined {
  return feedback ?? incidents;
}

/** Returns whether these are several input topics, also if the list has one name. */
export function isSeveral(input: string | InputTopics): input is InputTopics {
  return typeof input !== "string";
}

/** Returns whether the input topics are given by a pattern. */
export function isPattern(input: string | InputTopics): input is TopicPattern {
  return isSeveral(input) && "pattern" in input;
}

/** Returns the names of the input topics; undefined for a pattern, which only the brokers can tell. */
export function namedInputs(input: string | InputTopics): readonly string[] | undefined {
  if (!isSeveral(input)) return [input];
  return isPattern(input) ? undefined : input;
}

/** Describes the input for a title or a message: its name, names or pattern. */
export function describeInput(input: string | InputTopics): string {
  return namedInputs(input)?.join(", ") ?? (input as TopicPattern).pattern;
}

/**
 * Returns the first output whose name must have the placeholder and has none.
 *
 * @param topics Topics of several inputs.
 */
export function outputWithoutInput(topics: OutputTopics): (typeof ownOutputs)[number] | undefined {
  return ownOutputs.find((name) => topics[name]?.includes(inputPlaceholder) === false);
}

/** Returns the options of one input topic. */
export function optionsOf(options: ServiceOptions, input: string): KafkaOptions {
  return { ...options, topics: topicsOf(options.topics, input) };
}

/** Returns the topics of one input topic. */
export function topicsOf<Topics extends OutputTopics>(
  topics: Topics,
  input: string,
): Omit<Topics, "input"> & { readonly input: string } {
  const result = { ...topics, input };
  for (const name of ownOutputs) {
    const template = topics[name];
    if (template !== undefined)
      Object.assign(result, { [name]: template.replaceAll(inputPlaceholder, input) });
  }
  return result;
}

/**
 * Returns the names that a pattern matches, in order. Leaves out topics of the brokers (`__…`), dead letters, and every name that
 * an output of the pattern's topics could have: an output must never be read as input, also if its input was deleted.
 */
export function matchingInputs(
  names: readonly string[],
  topics: KafkaTopics<TopicPattern>,
): readonly string[] {
  const matches = matcherOf(topics.input.pattern);
  const named = ownOutputs.flatMap((name) => topics[name] ?? []);
  const outputs = named.map(templateOf);
  const isOutput = (name: string): boolean =>
    named.includes(name) ||
    outputs.some((template) => {
      const input = template.exec(name)?.[1];
      return input !== undefined && matches(input);
    });
  return names
    .filter(
      (name) => matches(name) && !name.startsWith("__") && name !== topics.deadLetters && !isOutput(name),
    )
    .sort();
}

/** Returns whether a whole name matches. Throws SETTING_INVALID. */
export function matcherOf(pattern: string): (name: string) => boolean {
  try {
    const expression = new RegExp(`^(?:${pattern})$`);
    return (name) => expression.test(name);
  } catch (cause) {
    const message = `topics.input.pattern: ${(cause as Error).message}`;
    throw new UndercurrentError("SETTING_INVALID", message, { cause });
  }
}

/** Returns the names that a template gives, with the input as the first group. */
function templateOf(template: string): RegExp {
  const [first = "", ...rest] = template.split(inputPlaceholder).map((text) => text.replace(/[.]/g, "\\."));
  const others = rest.map((text, index) => `${index === 0 ? "(.+)" : "\\1"}${text}`);
  return new RegExp(`^${first}${others.join("")}$`);
}
