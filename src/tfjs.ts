/** Exports `undercurrent-forecast/tfjs`: the TensorFlow.js engine, and the import and export of weights as layers models. */
export { loadTfjsEngine, type TfjsEngineOptions } from "./engine/tfjs/factory.js";
export type { WeightMatrix } from "./engine/port.js";
export type { CellTensors, Tfjs, TfjsCell } from "./engine/tfjs/cell.js";
export { layersModelFiles, layersModelFromFiles, type LayersModelFiles } from "./engine/tfjs/files.js";
export { exportLayersModel, importLayersModel, type LayersModel } from "./engine/tfjs/layers.js";
export { tfjsBackends, type TfjsBackend, type TfjsLoadOptions } from "./engine/tfjs/load.js";
export { layersModelOfSnapshot, snapshotWithLayersModel } from "./forecast/layers-model.js";
export type { SnapshotBytes } from "./forecast/snapshot/snapshot.js";
