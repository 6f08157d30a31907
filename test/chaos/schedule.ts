/**
 * What is done to instances and broker, in a seeded order: kills anywhere, rebalances from one instance to three and back,
 * instances that stand still until they are fenced, and restarts of the broker.
 */
import { uniform } from "../../src/engine/random.js";

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
  | { readonly kind: "restart-broker"; readonly delay: number };

/** How many there are of each kind of fault; a kind that is left out does not happen. */
export interface Faults {
  readonly kills: number;
  readonly rebalances: number;
  readonly pauses?: number;
  readonly brokerRestarts?: number;
}

const longestDelay: Readonly<Record<Moment, number>> = { flow: 2000, takeover: 150, join: 1500 };

/** The faults in an order of the seed's, some of the kills while there are three instances; pauses while there is one. */
export function scheduleOf(
  seed: number,
  { kills, rebalances, pauses = 0, brokerRestarts = 0 }: Faults,
): Step[] {
  const random = uniform(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const steps: Step[] = [];
  const left = { kills, scalings: 2 * rebalances, pauses, brokerRestarts };
  for (;;) {
    const single = left.scalings % 2 === 0;
    const further = left.brokerRestarts + (single ? left.pauses : 0);
    const all = left.kills + left.scalings + further;
    if (all === 0) return steps;
    const drawn = below(all);
    if (drawn >= left.kills + left.scalings) {
      const kind = drawn - left.kills - left.scalings < left.brokerRestarts ? "restart-broker" : "pause";
      left[kind === "pause" ? "pauses" : "brokerRestarts"]--;
      steps.push({ kind, delay: below(1000) });
    } else if (drawn < left.kills) {
      left.kills--;
      const moment = (["flow", "flow", "flow", "takeover", "join"] as const)[below(5)]!;
      steps.push({ kind: "kill", moment, pick: random(), delay: below(longestDelay[moment]) });
    } else {
      const kind = single ? "grow" : "shrink";
      left.scalings--;
      steps.push({ kind, pick: random(), delay: below(1000) });
    }
  }
}
