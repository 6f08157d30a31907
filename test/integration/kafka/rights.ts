// The rights that the service needs of a guarded cluster, and what is left of them without one.
import type { Right } from "../../support/broker-secure.js";

export const application = "guarded";
export const topics = { input: "readings", forecasts: "forecasts", deadLetters: "dead", state: "state" };

/** All that docs/operating.md says the service needs. */
export const rightsOf = (application: string, topics: Topics): readonly Right[] => [
  { on: "topic", name: topics.input, may: ["read"] },
  { on: "topic", name: topics.state, may: ["read", "write", "read settings"] },
  { on: "topic", name: topics.forecasts, may: ["write"] },
  { on: "topic", name: topics.deadLetters, may: ["write"] },
  { on: "group", name: application, may: ["read"] },
  { on: "transactional id", name: `${application}-`, prefix: true, may: ["write", "describe"] },
];
export type Topics = Readonly<Record<"input" | "forecasts" | "deadLetters" | "state", string>>;

export const needed = rightsOf(application, topics);

interface Lacking {
  readonly lacks: Right["on"];
  readonly rights: readonly Right[];
}

/** The same but for one right; of the resource no more is left than to know of it. */
export function without(on: Right["on"], name: string, operation: Right["may"][number]): Lacking {
  const rights = needed.map((right): Right => {
    if (right.on !== on || right.name !== name) return right;
    const left = right.may.filter((one) => one !== operation);
    return { ...right, may: operation === "read settings" ? left : [...left, "describe"] };
  });
  return { lacks: on, rights };
}

/** The same but for all rights to one resource, of which not even the coordinator is told then. */
const withoutAny = (on: Right["on"]): Lacking => ({
  lacks: on,
  rights: needed.filter((right) => right.on !== on),
});

export const lacking = {
  "to read the input": without("topic", topics.input, "read"),
  "to read the state": without("topic", topics.state, "read"),
  "to write the state": without("topic", topics.state, "write"),
  "to write forecasts": without("topic", topics.forecasts, "write"),
  "to write dead letters": without("topic", topics.deadLetters, "write"),
  "to join the group": without("group", application, "read"),
  "to use its transactional ids": without("transactional id", `${application}-`, "write"),
  "to know of the group": withoutAny("group"),
  "to know of its transactional ids": withoutAny("transactional id"),
} as const;
