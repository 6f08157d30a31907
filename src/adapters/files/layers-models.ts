/** A folder of layers models, one for each partition that has a state: partition-0/model.json, partition-0/weights.bin. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { layersModelFromFiles, type LayersModelFiles } from "../../engine/tfjs/files.js";
import type { LayersModel } from "../../engine/tfjs/layers.js";
import type { TfjsLoadOptions } from "../../engine/tfjs/load.js";
import { UndercurrentError } from "../../errors/errors.js";

const prefix = "partition-";

/** A model and the partition it is of. */
export interface PartitionFiles {
  readonly partition: number;
  readonly files: LayersModelFiles;
}

/**
 * Writes models into a folder that appears under its name only when it is complete. Throws OUTPUT_UNWRITABLE, also if the name
 * exists already.
 *
 * @returns The written partitions.
 */
export async function writeLayersModels(
  folder: string,
  models: AsyncIterable<PartitionFiles>,
): Promise<readonly number[]> {
  if (existsSync(folder))
    throw new UndercurrentError("OUTPUT_UNWRITABLE", `${folder} already exists; choose another folder`);
  // A unique name: nothing that exists is replaced, and two exports do not collide.
  const partial = `${folder}.${randomUUID()}.partial`;
  const written: number[] = [];
  try {
    for await (const { partition, files } of models) {
      const own = join(partial, `${prefix}${partition}`);
      await mkdir(own, { recursive: true });
      await writeFile(join(own, "model.json"), files.model);
      await writeFile(join(own, "weights.bin"), files.weights);
      written.push(partition);
    }
    if (written.length > 0) await rename(partial, folder);
    return written;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (error instanceof Error && "syscall" in error) {
      throw new UndercurrentError("OUTPUT_UNWRITABLE", `${folder} cannot be written: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

/**
 * Reads the models of a folder, by partition; they are the caller's to dispose of. Throws FILE_UNREADABLE,
 * LAYERS_MODEL_UNFIT where files are no layers model, and TFJS_MISSING.
 */
export async function readLayersModels(
  folder: string,
  options: TfjsLoadOptions = {},
): Promise<ReadonlyMap<number, LayersModel>> {
  const names = await reading(folder, readdir(folder));
  const models = new Map<number, LayersModel>();
  for (const name of names) {
    const number = /^partition-(\d{1,9})$/.exec(name)?.[1];
    if (number === undefined) continue;
    const own = join(folder, name);
    const model = await reading(own, readRegular(join(own, "model.json")));
    const weights = await reading(own, readRegular(join(own, "weights.bin")));
    models.set(Number(number), await open(own, { model, weights }, options));
  }
  if (models.size > 0) return models;
  throw new UndercurrentError("FILE_UNREADABLE", `${folder} has no folder ${prefix}N with a model.json`);
}

async function open(path: string, files: LayersModelFiles, options: TfjsLoadOptions): Promise<LayersModel> {
  try {
    return await layersModelFromFiles(files, options);
  } catch (cause) {
    if (cause instanceof UndercurrentError) throw cause;
    const message = `${path} is not a layers model: ${(cause as Error).message}`;
    throw new UndercurrentError("LAYERS_MODEL_UNFIT", message, { cause });
  }
}

/** A pipe or a device might never end. */
async function readRegular(path: string): Promise<Buffer> {
  if (!(await stat(path)).isFile()) throw new TypeError(`${path} is not a regular file`);
  return readFile(path);
}

async function reading<T>(path: string, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (cause) {
    const message = `${path} cannot be read: ${(cause as Error).message}`;
    throw new UndercurrentError("FILE_UNREADABLE", message, { cause });
  }
}
