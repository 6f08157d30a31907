// The Kafka client that every test on a broker uses, chosen by the environment; the contracts always run on both.
import {
  producerKinds,
  type ClientKind,
  type GroupProtocol,
  type ProducerKind,
} from "../../src/adapters/kafka/options.js";

const isWhole = process.env["UNDERCURRENT_TEST_CLIENT"] === "platformatic";

/** Settings of `kafka`, from UNDERCURRENT_TEST_CLIENT, UNDERCURRENT_TEST_PRODUCER and UNDERCURRENT_TEST_GROUP_PROTOCOL. */
export const testedClient: {
  readonly client?: ClientKind;
  readonly producerClient?: ProducerKind;
  readonly groupProtocol?: GroupProtocol;
} = {
  ...(process.env["UNDERCURRENT_TEST_PRODUCER"] === "platformatic" && { producerClient: "platformatic" }),
  ...(isWhole && { client: "platformatic" }),
  ...(process.env["UNDERCURRENT_TEST_GROUP_PROTOCOL"] === "consumer" && { groupProtocol: "consumer" }),
};

/** The producers that go with the client: the second one has its own alone. */
export const testedProducers: readonly ProducerKind[] = isWhole ? ["platformatic"] : producerKinds;

/** Cases of a producer each, or each case once where only one producer goes with the client. */
export function testedCases<Case>(
  cases: readonly (readonly [Case, ProducerKind])[],
): readonly (readonly [Case, ProducerKind])[] {
  if (!isWhole) return cases;
  return [...new Set(cases.map(([what]) => what))].map((what) => [what, "platformatic"]);
}
