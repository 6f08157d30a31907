/** Learns from CSV files and from files of JSON lines. */
import { readObservations } from "../../adapters/files/csv/csv-reader.js";
import { jsonLinesName, lineDecode, lineRecords } from "../../adapters/files/line-records.js";
import { LineSplitter, type Line } from "../../adapters/files/lines.js";
import { checkReadable, openText } from "../../adapters/files/open.js";
import { withAdmin } from "../../adapters/kafka/admin/admin.js";
import { checkPartitions } from "../../adapters/kafka/admin/topics.js";
import { partitionOfKey } from "../../adapters/kafka/producer/placement.js";
import { UndercurrentError } from "../../errors/errors.js";
import { plainKeyReader, recordKeyBytes } from "../../pipeline/decode/record-key.js";
import { recordDecoder } from "../../pipeline/decode/decode.js";
import { pathName } from "../../pipeline/decode-settings.js";
import type { ValueFormat } from "../../pipeline/decode/format.js";
import type { Learner } from "../../pipeline/learner.js";
import { decodeOf } from "../shared/decode/decoding.js";
import { reachedBrokers } from "../shared/kafka-options.js";
import { printNotice } from "../shared/rejections.js";
import type { LearnContext, Learned } from "./context.js";

/** Learns from files, in their order. Throws what the readers throw. */
export async function learnFiles(files: readonly string[], context: LearnContext): Promise<Learned> {
  await checkReadable(files);
  const partitions = context.flags.partitions ?? (await countPartitions(context));
  // A file has no records of this format, but a learner is one of the topic's records.
  const format = await context.format();
  const learners = Array.from({ length: partitions }, (_, partition) =>
    context.newLearner(partition, format),
  );
  let events = 0;
  for (const file of files) {
    events += jsonLinesName.test(file)
      ? await learnLines(file, { learners, format }, context)
      : await learnCsv(file, learners, context);
  }
  const keys = learners.reduce((sum, learner) => sum + learner.keys, 0);
  const states = learners.map((learner, partition) => ({
    partition,
    committed: undefined,
    anyOffset: true as const,
    records: learner.end(0),
  }));
  return { partitions, events, keys, states };
}

async function countPartitions({ config, flags }: LearnContext): Promise<number> {
  const options = await reachedBrokers(config, flags);
  return withAdmin(options, (admin) => checkPartitions(admin, options.topics));
}

/** Returns the function from a series' key to its learner. */
function learnerOfKey(
  learners: readonly Learner[],
  { flags, config }: LearnContext,
): (key: string) => Learner {
  const { key, series, keyFormat } = config.decode;
  const by = flags.partitionBy ?? (key === undefined && series !== undefined ? "first-part" : "key");
  return (name) => {
    const part = by === "key" ? name : unescaped(name.split("/", 1)[0]!);
    const bytes = recordKeyBytes(part, keyFormat) ?? Buffer.from(part);
    return learners[partitionOfKey(bytes, learners.length)]!;
  };
}

/** The opposite of `escapeKeyPart`. */
function unescaped(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

async function learnCsv(file: string, learners: readonly Learner[], context: LearnContext): Promise<number> {
  const { flags, reject, featureCount, config } = context;
  const features = flags.features ?? config.decode.features.map(pathName);
  if (features.length !== featureCount) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `--features: expected ${featureCount} columns, as many as the configuration has features, found ${features.length}`,
    );
  }
  const learnerOf = learnerOfKey(learners, context);
  const names: string[] = [];
  const owners: Learner[] = [];
  const slots = new Map<string, number>();
  const slotOf = (key: string): number => {
    const known = slots.get(key);
    if (known !== undefined) return known;
    names.push(key);
    owners.push(learnerOf(key));
    slots.set(key, names.length - 1);
    return names.length - 1;
  };
  const form = { ...flags, timeZone: flags.timeZone ?? config.decode.timeZone };
  const columns = { ...flags, features, decode: decodeOf(config, flags)?.decode };
  const hooks = { notice: printNotice, reject };
  const isWithin = spanOf(context);
  let events = 0;
  for await (const batch of readObservations([file], { columns, form, slotOf, ...hooks })) {
    const width = featureCount;
    for (let row = 0; row < batch.count; row++) {
      const slot = batch.slots[row]!;
      const time = batch.times[row]!;
      if (!isWithin(time)) continue;
      const given = batch.features.subarray(row * width, (row + 1) * width);
      owners[slot]!.observe(names[slot]!, time, batch.values[row]!, given);
      events++;
    }
  }
  return events;
}

async function learnLines(
  file: string,
  { learners, format }: { readonly learners: readonly Learner[]; readonly format: ValueFormat | undefined },
  context: LearnContext,
): Promise<number> {
  const { settings, flags, reject } = context;
  const own = lineDecode(settings.decode);
  const toRecord = lineRecords(own, flags, printNotice);
  const decode = recordDecoder(own, format);
  const isWithin = spanOf(context);
  const learnerOf = learnerOfKey(learners, context);
  // Kafka Streams places a key by what is before its window.
  const plainKey = plainKeyReader(own);
  let events = 0;
  const take = (line: Line): void => {
    if (line.text?.trim() === "") return;
    try {
      const record = toRecord(line);
      const [first] = decode(record).readings;
      if (first !== undefined && !isWithin(first.time)) return;
      const target =
        record.key !== null
          ? learners[partitionOfKey(plainKey(record), learners.length)]!
          : learnerOf(first?.key ?? "");
      target.learn([record]);
      events++;
    } catch (error) {
      if (!(error instanceof UndercurrentError)) throw error;
      reject({ code: error.code, message: error.message, origin: `${file}:${line.number}` });
    }
  };
  const lines = new LineSplitter();
  for await (const piece of openText(file, { encoding: context.flags.encoding }))
    for (const line of lines.push(piece)) take(line);
  for (const line of lines.end()) take(line);
  return events;
}

function spanOf({ flags: { from = -Infinity, to = Infinity } }: LearnContext): (time: number) => boolean {
  return (time) => time >= from && time < to;
}
