/** Converts the weights of a snapshot to and from TensorFlow.js layers models. */
import type { Engine } from "../engine/port.js";
import { recurrentKinds } from "../engine/port.js";
import { exportLayersModel, importLayersModel, type LayersModel } from "../engine/tfjs/layers.js";
import type { TfjsLoadOptions } from "../engine/tfjs/load.js";
import { wasmEngine } from "../engine/wasm/engine.js";
import { UndercurrentError } from "../errors/library.js";
import { Forecaster } from "./forecaster.js";
import { forecasterSettings } from "./settings.js";
import { readModelHead, type SnapshotBytes, type SnapshotRecord } from "./snapshot/snapshot.js";

/**
 * Exports the weights of a snapshot as a layers model, in the layout of `exportLayersModel`.
 *
 * @param snapshot Bytes from a forecaster's `snapshot()`.
 * @param options Backend and log of TensorFlow.js.
 * @returns The model. Call its `dispose` at the end.
 * @throws LAYERS_MODEL_UNFIT unless the cell is rnn, gru or lstm. TFJS_MISSING. The errors of `Forecaster.restore`.
 *
 * @example
 * ```ts
 * const model = await layersModelOfSnapshot(readFileSync("pumps.snapshot"));
 * const { model: json, weights } = await layersModelFiles(model);
 * model.dispose();
 * ```
 */
export async function layersModelOfSnapshot(
  snapshot: SnapshotBytes,
  options: TfjsLoadOptions = {},
): Promise<LayersModel> {
  const { forecaster, engine } = restored(snapshot);
  try {
    return await exportLayersModel(engine, options);
  } finally {
    forecaster.dispose();
  }
}

/**
 * Replaces the weights in a snapshot by those of a layers model. Keys stay unchanged; the moments of Adam restart at zero.
 *
 * @param snapshot Bytes from a forecaster's `snapshot()`; they stay unchanged.
 * @param model A layers model with the snapshot's cell and size.
 * @returns A new snapshot.
 * @throws LAYERS_MODEL_UNFIT if the model has no layer of this cell and size. The errors of `Forecaster.restore`.
 *
 * @example
 * ```ts
 * forecaster.restore(snapshotWithLayersModel(forecaster.snapshot(), model));
 * ```
 */
export function snapshotWithLayersModel(snapshot: SnapshotBytes, model: LayersModel): Uint8Array {
  return withLayersModel(snapshot, model, (forecaster) => forecaster.snapshot());
}

/** The record of such a snapshot that is not as it was: the model's. Throws as `snapshotWithLayersModel` does. */
export function recordWithLayersModel(snapshot: SnapshotBytes, model: LayersModel): SnapshotRecord {
  return withLayersModel(snapshot, model, (forecaster) => ({
    key: undefined,
    bytes: forecaster.changes()[0]!.bytes!,
  }));
}

function withLayersModel<T>(
  snapshot: SnapshotBytes,
  model: LayersModel,
  use: (forecaster: Forecaster) => T,
): T {
  const { forecaster, engine } = restored(snapshot);
  try {
    importLayersModel(model, engine);
    return use(forecaster);
  } catch (error) {
    if (error instanceof RangeError) throw unfit(error.message);
    throw error;
  } finally {
    forecaster.dispose();
  }
}

/** A forecaster that has taken a snapshot over, and its engine. */
function restored(snapshot: SnapshotBytes): { readonly forecaster: Forecaster; readonly engine: Engine } {
  const settings = forecasterSettings(readModelHead(snapshot).settings);
  if (!recurrentKinds.some((kind) => kind === settings.cell)) {
    throw unfit(`layers models have no layer for the cell ${settings.cell}`);
  }
  let engine: Engine | undefined;
  const forecaster = new Forecaster(settings, (shape, seed) => (engine = wasmEngine(shape, seed)));
  try {
    forecaster.restore(snapshot);
  } catch (error) {
    forecaster.dispose();
    throw error;
  }
  return { forecaster, engine: engine! };
}

function unfit(what: string): UndercurrentError {
  return new UndercurrentError("LAYERS_MODEL_UNFIT", what);
}
