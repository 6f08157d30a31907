/** Opens the ports of a repartition: a consumer group of its own for the input topics, and commits without state. */
import { inputPlaceholder } from "./inputs.js";
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
  const { input, deadLetters } = options.topics;
  const unused = inputPlaceholder;
  return openPorts(
    {
      ...options,
      applicationId: `${options.applicationId}${ending}`,
      topics: { input, forecasts: unused, state: unused, ...(deadLetters !== undefined && { deadLetters }) },
    },
    { isStateless: true },
  );
}
