/** Weights of a snapshot to and from layers models of TensorFlow.js. */
import type { Engine } from "../engine/port.js";
import { recurrentKinds } from "../engine/port.js";
import { exportLayersModel, importLayersModel, type LayersModel } from "../engine/tfjs/tfjs-layers.js";
import type { TfjsLoadOptions } from "../engine/tfjs/tfjs-load.js";
import { wasmEngine } from "../engine/wasm/wasm.js";
import { UndercurrentError } from "../errors/errors.js";
import { Forecaster } from "./forecaster.js";
import { forecasterSettings } from "./settings.js";
import { readModelHead, type SnapshotRecord } from "./snapshot/snapshot.js";

/**
 * A layers model with the weights of a forecaster's snapshot, as `exportLayersModel` makes it of an engine; it is the
 * caller's to dispose of. Throws LAYERS_MODEL_UNFIT where the cell is none that layers models have a layer for, which
 * are rnn, gru and lstm; TFJS_MISSING; and as `Forecaster.restore` does.
 *
 * @example
 * ```ts
 * const model = await layersModelOfSnapshot(readFileSync("pumps.snapshot"));
 * const { model: json, weights } = await layersModelFiles(model);
 * model.dispose();
 * ```
 */
export async function layersModelOfSnapshot(
  snapshot: Uint8Array,
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
 * The snapshot with the weights of a layers model in the place of its own, which else stays as it is; the moments of
 * Adam begin anew. Throws LAYERS_MODEL_UNFIT where the model has no layer of the snapshot's cell and size, and as
 * `Forecaster.restore` does.
 *
 * @example
 * ```ts
 * forecaster.restore(snapshotWithLayersModel(forecaster.snapshot(), model));
 * ```
 */
export function snapshotWithLayersModel(snapshot: Uint8Array, model: LayersModel): Uint8Array {
  return withLayersModel(snapshot, model, (forecaster) => forecaster.snapshot());
}

/** The record of such a snapshot that is not as it was: the model's. Throws as `snapshotWithLayersModel` does. */
export function recordWithLayersModel(snapshot: Uint8Array, model: LayersModel): SnapshotRecord {
  return withLayersModel(snapshot, model, (forecaster) => ({
    key: undefined,
    bytes: forecaster.changes()[0]!.bytes!,
  }));
}

function withLayersModel<T>(snapshot: Uint8Array, model: LayersModel, use: (forecaster: Forecaster) => T): T {
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
function restored(snapshot: Uint8Array): { readonly forecaster: Forecaster; readonly engine: Engine } {
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
