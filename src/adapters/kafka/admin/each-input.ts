/** Lists the input topics of a service as they are now. */
import { UndercurrentError } from "../../../errors/errors.js";
import { isPattern, matchingInputs, namedInputs, optionsOf } from "../inputs.js";
import type { KafkaOptions, ServiceOptions } from "../options.js";
import { withAdmin } from "./admin.js";

/** Options of each input topic, at least one. */
export type EachInput = readonly [KafkaOptions, ...KafkaOptions[]];

/**
 * Returns the options of each input topic, of a pattern of those that the brokers have now.
 *
 * @throws TOPIC_MISSING if no topic matches the pattern; BROKER_UNREACHABLE.
 */
export async function eachInput(options: ServiceOptions): Promise<EachInput> {
  const { topics } = options;
  const { input } = topics;
  const names = isPattern(input)
    ? matchingInputs(await withAdmin(options, (admin) => admin.listTopics()), { ...topics, input })
    : namedInputs(input)!;
  if (names.length === 0) {
    throw new UndercurrentError(
      "TOPIC_MISSING",
      `the brokers have no topic that matches ${String(isPattern(input) && input.pattern)}`,
    );
  }
  return names.map((name) => optionsOf(options, name)) as [KafkaOptions];
}
