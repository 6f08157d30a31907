/** Reads and writes layers models in the two-file format of TensorFlow.js (model.json and weights.bin). */
import type * as core from "@tensorflow/tfjs-core";
import { registerGru } from "./gru.js";
import type { LayersModel } from "./layers.js";
import { loadTfjs, type TfjsLoadOptions } from "./load.js";

/** Contents of `model.json` and `weights.bin`. */
export interface LayersModelFiles {
  readonly model: Uint8Array;
  readonly weights: Uint8Array;
}

const weightsName = "weights.bin";

interface ModelJson {
  readonly modelTopology: object;
  readonly weightsManifest?: readonly {
    readonly paths: readonly string[];
    readonly weights: core.io.WeightsManifestEntry[];
  }[];
}

/**
 * Returns the files of a layers model. With native TensorFlow.js, `model.save("file://folder")` writes the same files.
 *
 * @param model A layers model; it stays unchanged.
 * @returns The bytes of `model.json` and `weights.bin`.
 *
 * @example
 * ```ts
 * const { model, weights } = await layersModelFiles(await exportLayersModel(engine));
 * writeFileSync("model.json", model);
 * writeFileSync("weights.bin", weights);
 * ```
 */
export async function layersModelFiles(model: LayersModel): Promise<LayersModelFiles> {
  let saved: core.io.ModelArtifacts = {};
  await model.save({
    save: (artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } });
    },
  });
  const { modelTopology, weightSpecs, weightData } = saved;
  const buffers = Array.isArray(weightData) ? weightData : [weightData!];
  const json = {
    modelTopology,
    format: "layers-model",
    generatedBy: "undercurrent",
    convertedBy: null,
    weightsManifest: [{ paths: [weightsName], weights: weightSpecs }],
  };
  return {
    model: new TextEncoder().encode(JSON.stringify(json)),
    weights: Buffer.concat(buffers.map((buffer) => new Uint8Array(buffer))),
  };
}

/**
 * Loads a layers model from the contents of its files.
 *
 * @param files The bytes of `model.json` and `weights.bin`.
 * @param options Backend and log of TensorFlow.js.
 * @returns The model. Call its `dispose` at the end.
 * @throws TFJS_MISSING. TypeError, or the error of TensorFlow.js, if the files are not a layers model.
 */
export async function layersModelFromFiles(
  { model, weights }: LayersModelFiles,
  options: TfjsLoadOptions = {},
): Promise<LayersModel> {
  const tfjs = await loadTfjs(options);
  registerGru(tfjs);
  const { modelTopology, weightsManifest } = JSON.parse(
    new TextDecoder("utf-8", { fatal: true }).decode(model),
  ) as ModelJson;
  const groups = weightsManifest ?? [];
  if (groups.some(({ paths }) => paths.length !== 1 || paths[0] !== weightsName)) {
    throw new TypeError(`expected all weights in one file, ${weightsName}`);
  }
  return tfjs.layers.loadLayersModel({
    load: () =>
      Promise.resolve({
        modelTopology,
        weightSpecs: groups.flatMap((group) => group.weights),
        weightData: new Uint8Array(weights).buffer,
      }),
  });
}
