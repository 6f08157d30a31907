/**
 * A file of trained weights, shipped as a module so that bundles find it without a path. A published file never changes: other
 * weights get another identity. `npm run pretrain` writes these files.
 */
import type { Halves } from "../../encoding/halves.js";

/** The weights are in the order of `engine/parameters.ts`. */
export interface WeightsFile extends Halves {
  /** Gates that were trained with the weights (`experts/gate.ts`). */
  readonly gates: readonly GateFile[];
  /** Part of the name of every model that began with these weights, and of its snapshots. */
  readonly identity: string;
  readonly cell: "rnn" | "gru" | "lstm";
  readonly hidden: number;
  /** Pairs of harmonics among the cell's inputs. */
  readonly harmonics: number;
}

/** A gate, for the experts that this read-out has, and for this loss. */
export interface GateFile extends Halves {
  readonly readout: "shared" | "compact" | "full";
  readonly loss: "absolute" | "squared";
}
