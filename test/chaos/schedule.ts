/** What is done to the instances, in a seeded order: kills anywhere, and rebalances from one instance to three and back. */
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
  | { readonly kind: "shrink"; readonly pick: number; readonly delay: number };

const longestDelay: Readonly<Record<Moment, number>> = { flow: 2000, takeover: 150, join: 1500 };

/** `kills` kills and `rebalances` rebalances, some of the kills while there are three instances. */
export function scheduleOf(seed: number, kills: number, rebalances: number): Step[] {
  const random = uniform(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const steps: Step[] = [];
  for (let left = { kills, scalings: 2 * rebalances }; left.kills + left.scalings > 0;) {
    if (below(left.kills + left.scalings) < left.kills) {
      left = { ...left, kills: left.kills - 1 };
      const moment = (["flow", "flow", "flow", "takeover", "join"] as const)[below(5)]!;
      steps.push({ kind: "kill", moment, pick: random(), delay: below(longestDelay[moment]) });
    } else {
      const kind = left.scalings % 2 === 0 ? "grow" : "shrink";
      left = { ...left, scalings: left.scalings - 1 };
      steps.push({ kind, pick: random(), delay: below(1000) });
    }
  }
  return steps;
}
