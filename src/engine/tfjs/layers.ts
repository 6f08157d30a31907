/**
 * Converts weights to and from TensorFlow.js layers models in Keras' layout: a recurrent layer over a sequence of inputs,
 * then a dense read-out over each hidden state and the skips.
 */
import type * as core from "@tensorflow/tfjs-core";
import type * as tfjsLayers from "@tensorflow/tfjs-layers";
import { recurrentKinds, type Engine, type EngineDescription, type RecurrentKind } from "../port.js";
import { gruLayer, isResetAfterGru } from "./gru.js";
import { loadTfjs, type TfjsLoadOptions, type TfjsModules } from "./load.js";

/** A layers model of TensorFlow.js. */
export type LayersModel = tfjsLayers.LayersModel;
type Layer = tfjsLayers.layers.Layer;

function builtIn({ cell }: EngineDescription): RecurrentKind {
  const kind = recurrentKinds.find((name) => name === cell);
  if (kind !== undefined) return kind;
  throw new RangeError(`layers models have no layer for the cell ${cell}`);
}

function recurrentLayer(tfjs: TfjsModules, cell: RecurrentKind, units: number): Layer {
  const { layers } = tfjs.layers;
  const config = {
    name: "recurrent",
    units,
    returnSequences: true,
    kernelInitializer: "zeros",
    recurrentInitializer: "zeros",
  } as const;
  switch (cell) {
    case "rnn":
      return layers.simpleRNN(config);
    case "gru":
      return gruLayer(tfjs, config);
    case "lstm":
      return layers.lstm({ ...config, recurrentActivation: "sigmoid" });
  }
}

/**
 * Exports an engine's weights as a layers model: inputs [batch, steps, I] and skips [batch, steps, S] (if S > 0) to
 * read-outs [batch, steps, 1], from zero states. The layer `recurrent` has the weights of Keras' SimpleRNN, LSTM or
 * GRU(reset_after=True) in their order; the layer `readout` is dense.
 *
 * @param engine Engine with the cell rnn, gru or lstm.
 * @param options Backend and log of TensorFlow.js. Default: the first installed backend.
 * @returns The model. Call its `dispose` at the end.
 * @throws RangeError for any other cell. TFJS_MISSING.
 *
 * @example
 * ```ts
 * const model = await exportLayersModel(engine);
 * await model.save("file://model"); // with @tensorflow/tfjs-node
 * model.dispose();
 * ```
 */
export async function exportLayersModel(engine: Engine, options: TfjsLoadOptions = {}): Promise<LayersModel> {
  const { description } = engine;
  const { inputs: I, hidden: H, skips: S } = description;
  const cell = builtIn(description);
  const tfjs = await loadTfjs(options);
  const { tf, layers: api } = tfjs;
  const inputs = api.input({ shape: [null, I], name: "inputs" });
  const skips = S === 0 ? [] : [api.input({ shape: [null, S], name: "skips" })];
  const hidden = recurrentLayer(tfjs, cell, H).apply(inputs) as tfjsLayers.SymbolicTensor;
  const seen = S === 0 ? hidden : api.layers.concatenate({ axis: -1 }).apply([hidden, ...skips]);
  const readout = api.layers.dense({ name: "readout", units: 1, kernelInitializer: "zeros" });
  const outputs = readout.apply(seen) as tfjsLayers.SymbolicTensor;
  const model = api.model({ inputs: [inputs, ...skips], outputs });

  const { weights } = engine.readParameters();
  const values = (name: string, length: number): Float32Array => {
    const { offset } = description.tensors.get(name)!;
    return weights.slice(offset, offset + length);
  };
  tf.tidy(() => {
    const matrices = ["kernel", "recurrent", "bias"].map((name) => {
      const { rows, columns } = description.tensors.get(name)!;
      const matrix = values(name, rows * columns);
      return name === "bias" && rows === 1 ? tf.tensor1d(matrix) : tf.tensor2d(matrix, [rows, columns]);
    });
    model.getLayer("recurrent").setWeights(matrices);
    // The weights of the skips follow those of the hidden state. tfjs-wasm does not accept a reshaped bias.
    readout.setWeights([tf.tensor2d(values("readout", H + S), [H + S, 1]), tf.tensor1d(values("offset", 1))]);
  });
  return model;
}

/**
 * Imports the weights of a layers model into an engine. It takes the first SimpleRNN or LSTM layer (tanh and sigmoid), or
 * the GRU layer of `exportLayersModel`, and a dense layer of one unit over the hidden state, with or without the skips.
 * Without a dense layer the engine keeps its read-out. The moments of Adam restart at zero.
 *
 * @param model A layers model; it stays unchanged.
 * @param engine Engine with the cell rnn, gru or lstm.
 * @throws RangeError if the model has no layer of the engine's cell and shape. The engine is unchanged then.
 */
export function importLayersModel(model: LayersModel, engine: Engine): void {
  const { description } = engine;
  const { hidden: H, skips: S, tensors, parameters } = description;
  const cell = builtIn(description);
  const recurrent = model.layers.find((layer) => isLayerOf(cell, layer));
  if (recurrent === undefined)
    throw new RangeError(`the model has no layer for the cell ${cell} of this engine`);
  const weights = engine.readParameters().weights;
  const take = (name: string, tensor: core.Tensor | undefined, sizes: readonly number[]): void => {
    const size = tensor?.size ?? 0;
    if (tensor === undefined || !sizes.includes(size)) {
      throw new RangeError(
        `${name} has ${size} weights in the model, and ${sizes.join(" or ")} in the engine`,
      );
    }
    weights.set(tensor.dataSync(), tensors.get(name)!.offset);
  };
  for (const [i, name] of ["kernel", "recurrent", "bias"].entries()) {
    const { rows, columns } = tensors.get(name)!;
    take(name, recurrent.getWeights()[i], [rows * columns]);
  }
  const readout = model.layers.find((layer) => layer.getClassName() === "Dense");
  if (readout !== undefined) {
    const { offset } = tensors.get("readout")!;
    weights.fill(0, offset, offset + H + S);
    const [kernel, bias] = readout.getWeights();
    take("readout", kernel, [H, H + S]);
    take("offset", bias, [1]);
  }
  const moments = new Float32Array(parameters);
  engine.writeParameters({ weights, firstMoments: moments, secondMoments: moments });
}

function isLayerOf(cell: RecurrentKind, layer: Layer): boolean {
  const { activation, recurrentActivation } = layer.getConfig();
  switch (cell) {
    case "rnn":
      return layer.getClassName() === "SimpleRNN" && activation === "tanh";
    case "gru":
      return isResetAfterGru(layer);
    case "lstm":
      return layer.getClassName() === "LSTM" && activation === "tanh" && recurrentActivation === "sigmoid";
  }
}
