/** `state export` and `state import` with `--format tfjs`: the weights of each partition as layers models. */
import {
  readLayersModels,
  writeLayersModels,
  type PartitionFiles,
} from "../../adapters/files/layers-models.js";
import { replaceModels, type Moved } from "../../adapters/kafka/offline/move-states.js";
import type { KafkaOptions } from "../../adapters/kafka/options.js";
import { readStates, refuseUnusable } from "../../adapters/kafka/offline/states.js";
import { layersModelFiles } from "../../engine/tfjs/files.js";
import { layersModelOfSnapshot, recordWithLayersModel } from "../../forecast/layers-model.js";
import type { SnapshotBytes } from "../../forecast/snapshot/snapshot.js";

const log = (line: string): void => void process.stderr.write(`${line}\n`);

/** Writes a model for each partition that has a state. Returns these partitions. */
export async function exportModels(folder: string, options: KafkaOptions): Promise<readonly number[]> {
  return writeLayersModels(folder, modelsOf(options));
}

async function* modelsOf(options: KafkaOptions): AsyncGenerator<PartitionFiles> {
  let isLogged = false;
  for await (const standing of readStates(options)) {
    const { partition } = standing;
    const state = refuseUnusable(standing);
    if (state === undefined) continue;
    const model = await layersModelOfSnapshot(state.snapshot, isLogged ? {} : { log });
    isLogged = true;
    const files = await layersModelFiles(model);
    model.dispose();
    yield { partition, files };
  }
}

/** Gives the weights of a folder's models to the states of their partitions. */
export async function importModels(folder: string, options: KafkaOptions): Promise<readonly Moved[]> {
  const models = await readLayersModels(folder, {});
  const changes = [...models].map(
    ([partition, model]) =>
      [partition, (snapshot: SnapshotBytes) => recordWithLayersModel(snapshot, model)] as const,
  );
  return replaceModels(options, new Map(changes));
}
