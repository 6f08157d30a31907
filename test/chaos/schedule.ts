/**
 * What is done to instances, broker and the way between them, in a seeded order: kills anywhere, rebalances from one
 * instance to three and back, instances that stand still until they are fenced, restarts of the broker, and connections
 * that are cut in the midst of a transaction; at the end, that the state topic is deleted.
 */
import { uniform } from "../../src/engine/random.js";
import { apiKeys, type LostPart, type LostRequest } from "../support/broker-proxy.js";

/**
 * When a kill strikes: in the midst of the flow; at a takeover, when state is restored and input replayed; or as a new
 * instance starts and joins.
 */
export type Moment = "flow" | "takeover" | "join";

/** `pick` in [0, 1) chooses among the instances that there are then; `delay`, in ms, is waited before. */
export type Step =
  | { readonly kind: "kill"; readonly moment: Moment; readonly pick: number; readonly delay: number }
  | { readonly kind: "grow"; readonly delay: number }
  | { readonly kind: "shrink"; readonly pick: number; readonly delay: number }
  | { readonly kind: "pause"; readonly delay: number }
  | { readonly kind: "restart-broker"; readonly delay: number }
  | { readonly kind: "cut"; readonly request: LostRequest; readonly what: LostPart; readonly delay: number }
  | { readonly kind: "delete-state"; readonly delay: number };

/** How many there are of each kind of fault; a kind that is left out does not happen. */
export interface Faults {
  readonly kills: number;
  readonly rebalances: number;
  readonly pauses?: number;
  readonly brokerRestarts?: number;
  readonly cuts?: number;
  /** The last of them, for no instance goes on after it. */
  readonly deleteState?: boolean;
}

/** Each request of a transaction, and the answer to it. */
const cutPlaces = (Object.keys(apiKeys) as LostRequest[]).flatMap((request) =>
  (["request", "answer"] as const).map((what) => ({ request, what })),
);

const longestDelay: Readonly<Record<Moment, number>> = { flow: 2000, takeover: 150, join: 1500 };

/** The faults in an order of the seed's, some of the kills while there are three instances; pauses while there is one. */
export function scheduleOf(
  seed: number,
  { kills, rebalances, pauses = 0, brokerRestarts = 0, cuts = 0, deleteState = false }: Faults,
): Step[] {
  const random = uniform(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const steps: Step[] = [];
  const left = {
    kill: kills,
    scaling: 2 * rebalances,
    "restart-broker": brokerRestarts,
    pause: pauses,
    cut: cuts,
  };
  // Each place has its turn, so that few cuts are not all of a kind.
  let place = below(cutPlaces.length);
  for (;;) {
    const single = left.scaling % 2 === 0;
    const possible = Object.entries({ ...left, pause: single ? left.pause : 0 }) as [
      keyof typeof left,
      number,
    ][];
    const all = possible.reduce((sum, [, count]) => sum + count, 0);
    if (all === 0) break;
    let drawn = below(all);
    const [kind] = possible.find(([, count]) => (drawn -= count) < 0)!;
    left[kind]--;
    switch (kind) {
      case "kill": {
        const moment = (["flow", "flow", "flow", "takeover", "join"] as const)[below(5)]!;
        steps.push({ kind, moment, pick: random(), delay: below(longestDelay[moment]) });
        break;
      }
      case "scaling":
        steps.push({ kind: single ? "grow" : "shrink", pick: random(), delay: below(1000) });
        break;
      case "cut":
        steps.push({ kind, ...cutPlaces[place++ % cutPlaces.length]!, delay: below(1000) });
        break;
      case "pause":
      case "restart-broker":
        steps.push({ kind, delay: below(1000) });
    }
  }
  if (deleteState) steps.push({ kind: "delete-state", delay: below(2000) });
  return steps;
}
