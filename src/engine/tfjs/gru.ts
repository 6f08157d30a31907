/** A TensorFlow.js layer of the GRU with the reset gate after the product, as in Keras; its own GRU resets before. */
import type * as core from "@tensorflow/tfjs-core";
import type * as tfjsLayers from "@tensorflow/tfjs-layers";
import type { TfjsCell } from "./cell.js";
import { builtInCell } from "./built-in-cells.js";
import type { TfjsModules } from "./load.js";

interface GruConfig extends Omit<tfjsLayers.RNNLayerArgs, "cell"> {
  readonly units: number;
}

type CellClass = new (config: GruConfig) => tfjsLayers.layers.RNNCell;

const className = "ResetAfterGRUCell";
const classes = new WeakMap<object, CellClass>();

/** The class of the cell, registered so that models that have it can be loaded. */
export function registerGru(tfjs: TfjsModules): CellClass {
  const { tf, layers: api } = tfjs;
  const known = classes.get(tf.serialization);
  if (known !== undefined) return known;

  class ResetAfterGruCell extends api.layers.RNNCell {
    static className = className;
    readonly stateSize: number;
    readonly #gru: TfjsCell;
    readonly #weights: [name: string, weight: tfjsLayers.LayerVariable][] = [];

    constructor({ units }: GruConfig) {
      super({});
      this.stateSize = units;
      this.#gru = builtInCell("gru", { hidden: units, bpttSteps: 1 });
    }

    override build(shape: (number | null)[]): void {
      for (const { name, rows, columns } of this.#gru.weights(shape.at(-1)!, this.stateSize)) {
        const weight = this.addWeight(name, [rows, columns], "float32", api.initializers.zeros());
        this.#weights.push([name, weight]);
      }
      this.built = true;
    }

    override call(inputs: core.Tensor | core.Tensor[]): core.Tensor[] {
      const [x, h] = inputs as [core.Tensor2D, core.Tensor2D];
      const read = this.#weights.map(([name, weight]) => [name, weight.read() as core.Tensor2D]);
      const after = tf.tidy(() =>
        this.#gru.step(tf, x, h, Object.fromEntries(read) as Record<string, core.Tensor2D>),
      );
      return [after, after];
    }

    override getConfig(): core.serialization.ConfigDict {
      return { ...super.getConfig(), units: this.stateSize };
    }
  }

  tf.serialization.registerClass(ResetAfterGruCell);
  classes.set(tf.serialization, ResetAfterGruCell);
  return ResetAfterGruCell;
}

/** A layer of them over sequences. */
export function gruLayer(tfjs: TfjsModules, config: GruConfig): tfjsLayers.layers.Layer {
  const Cell = registerGru(tfjs);
  const { units, name, returnSequences } = config;
  return tfjs.layers.layers.rnn({
    cell: new Cell({ units }),
    name: name!,
    returnSequences: returnSequences!,
  });
}

/** Whether a layer is one of them. */
export function isResetAfterGru(layer: tfjsLayers.layers.Layer): boolean {
  const { cell } = layer.getConfig() as { readonly cell?: { readonly className?: unknown } };
  return cell?.className === className;
}
