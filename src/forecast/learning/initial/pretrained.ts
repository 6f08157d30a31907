/** Begins a cell with trained weights, where the package has them for its kind and size. */
import type { Engine, ParameterTensor } from "../../../engine/port.js";
import { UndercurrentError } from "../../../errors/library.js";
import { randomWeights, type ForecasterSettings } from "../../settings.js";
import { featureInputs, input } from "../../keys/layout.js";
import { readHalves } from "../../encoding/halves.js";
import type { WeightsFile } from "./file.js";

/** A file, and whether models begin with it whose settings do not say. */
interface LoadedFile {
  readonly file: WeightsFile;
  readonly isDefault: boolean;
}

/** The trained weights of this process: none until a program brings them, because they are a tenth of the package's size. */
const loaded = new Map<WeightsFile, LoadedFile>();

/** Lets cells of the file's kind and size begin with its weights; by default, or where `initial: pretrained` asks for them. */
export function addWeights(file: WeightsFile, { isDefault = true } = {}): void {
  loaded.set(file, { file, isDefault });
}

/** What decides which file fits. */
type FittingSettings = Pick<ForecasterSettings, "cell" | "hidden" | "initial" | "harmonics" | "featureCount">;

/**
 * The file of the settings; undefined where the weights are drawn. A cell of one's own has another name than the setting.
 *
 * @throws SETTING_INVALID if the settings ask for trained weights, and the program has not loaded them or none fit.
 */
function weightsFileFor(
  { cell, hidden, initial }: Pick<FittingSettings, "cell" | "hidden" | "initial">,
  runningCell: string,
): WeightsFile | undefined {
  if (initial === randomWeights) return undefined;
  const isOfCell = ({ file }: LoadedFile): boolean => file.cell === runningCell && file.hidden === hidden;
  const found = runningCell === cell ? [...loaded.values()].find(isOfCell) : undefined;
  if (initial === "auto") return found?.isDefault === true ? found.file : undefined;
  if (found !== undefined) return found.file;
  if (loaded.size === 0) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "initial: pretrained needs its weights; call usePretrainedWeights() of undercurrent-forecast/pretrained first",
    );
  }
  const known = [...loaded.values()].map(({ file }) => `${file.cell} with ${file.hidden}`).join(", ");
  throw new UndercurrentError(
    "SETTING_INVALID",
    `initial: there are pretrained weights for cells ${known} units, none for ${runningCell} with ${hidden}; set auto or random`,
  );
}

/** Throws SETTING_INVALID where the settings ask for trained weights that there are not. */
export function checkInitial(settings: Pick<FittingSettings, "cell" | "hidden" | "initial">): void {
  weightsFileFor(settings, settings.cell);
}

/** Returns the weights of the gate that was trained with these initial weights; undefined where there is none. */
export function initialGate(
  identity: string,
  { cell, hidden, readout, loss }: Pick<ForecasterSettings, "cell" | "hidden" | "readout" | "loss">,
): Float32Array | undefined {
  const of = [...loaded.values()].find(
    ({ file }) => file.identity === identity && file.cell === cell && file.hidden === hidden,
  );
  const gate = of?.file.gates.find((each) => each.readout === readout && each.loss === loss);
  return gate && readHalves(gate);
}

/**
 * Writes trained weights over those of a new engine where a file fits. Inputs that the file does not know, such as exogenous
 * features, get rows of zeros: they have no effect until something was learned of them.
 *
 * @returns The identity of the weights.
 */
export function writeInitialWeights(engine: Engine, settings: FittingSettings): string {
  const { description } = engine;
  const file = weightsFileFor(settings, description.cell);
  if (file === undefined) return randomWeights;
  const trained = readHalves(file);
  const parameters = engine.readParameters();
  let from = 0;
  for (const tensor of description.tensors.values()) {
    if (tensor.name === "kernel")
      from += writeKernel(tensor, parameters.weights, trained.subarray(from), { file, settings });
    else {
      const size = tensor.rows * tensor.columns;
      parameters.weights.set(trained.subarray(from, from + size), tensor.offset);
      from += size;
    }
  }
  engine.writeParameters(parameters);
  return file.identity;
}

/** Writes the rows of the inputs that both have; returns how many numbers the file has of them. */
function writeKernel(
  { offset, columns }: ParameterTensor,
  weights: Float32Array,
  trained: Float32Array,
  { file, settings }: { readonly file: WeightsFile; readonly settings: FittingSettings },
): number {
  const known = input.harmonics + 2 * Math.min(file.harmonics, settings.harmonics);
  const inputs = input.harmonics + 2 * settings.harmonics + featureInputs * settings.featureCount;
  weights.set(trained.subarray(0, known * columns), offset);
  weights.fill(0, offset + known * columns, offset + inputs * columns);
  return (input.harmonics + 2 * file.harmonics) * columns;
}
