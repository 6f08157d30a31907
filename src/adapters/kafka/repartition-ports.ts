/** Opens the ports of a repartition: a consumer group of its own for the input topics, and commits without state. */
import { inputPlaceholder, intermediateTopic, isPattern, optionalNames } from "./inputs.js";
import type { ServiceOptions } from "./options.js";
import { openPorts, type KafkaPorts } from "./source/ports.js";

/** The group of a repartition is that of the application with this ending. */
const ending = "-repartition";

/**
 * Returns the ports for `repartition`.
 *
 * @param options Options of the service, with the input topics before the repartition.
 */
export function repartitionPorts({ joined: _, lost: _lost, ...options }: ServiceOptions): KafkaPorts {
  const { deadLetters } = options.topics;
  const input = withoutOutputs(options);
  // No topic can have this name, so that a pattern takes no input for an output.
  const unused = `${inputPlaceholder}/unused`;
  return openPorts(
    {
      ...options,
      applicationId: `${options.applicationId}${ending}`,
      topics: { input, forecasts: unused, state: unused, ...(deadLetters !== undefined && { deadLetters }) },
    },
    { isStateless: true },
  );
}

/** The input topics. A pattern leaves out the topics that the service itself writes. */
function withoutOutputs({ applicationId, topics }: ServiceOptions): ServiceOptions["topics"]["input"] {
  const { input, forecasts, state } = topics;
  if (!isPattern(input)) return input;
  const written = [forecasts, state, ...optionalNames(topics), intermediateTopic(applicationId)];
  const names = written.map((name) => name.replaceAll(".", "\\."));
  return { pattern: `(?!(?:${names.join("|")})$)(?:${input.pattern})` };
}
