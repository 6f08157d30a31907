/** Learns from the history of a topic. */
import { withAdmin } from "../../adapters/kafka/admin/admin.js";
import { checkPartitions } from "../../adapters/kafka/admin/topics.js";
import {
  mergedHistory,
  withHistory,
  type History,
  type HistoryPartition,
} from "../../adapters/kafka/offline/history.js";
import { partitionOfKey } from "../../adapters/kafka/producer/placement.js";
import { patience, type ValueFormat } from "../../pipeline/decode/format.js";
import type { Learner } from "../../pipeline/learner.js";
import type { InputRecord } from "../../pipeline/ports.js";
import type { ExportedState } from "../../pipeline/state/transfer.js";
import { reachedBrokers } from "../shared/kafka-options.js";
import type { LearnContext, Learned } from "./context.js";

/** Records that are taken at once. The result does not depend on it. */
const batchSize = 1000;

/** Learns from a topic on the configuration's brokers. Throws what `withHistory` throws. */
export async function learnTopic(topic: string, context: LearnContext): Promise<Learned> {
  const { config, flags } = context;
  const options = await reachedBrokers(config, flags);
  const partitions = await withAdmin(options, (admin) => checkPartitions(admin, options.topics));
  const format = await context.format();
  const span = { topic, from: flags.from, to: flags.to };
  return withHistory(options, span, async (history) => {
    if (history.partitions.length !== partitions) return learnMerged(history, partitions, context, format);
    const isInput = topic === options.topics.input;
    const states: ExportedState[] = [];
    let [events, keys] = [0, 0];
    for (const source of history.partitions) {
      const learner = context.newLearner(source.partition, format);
      events += await learnPartition(source, learner, format);
      keys += learner.keys;
      states.push(stateOf(learner, source, isInput ? history.topicId : undefined, isInput));
    }
    return { partitions, events, keys, states };
  });
}

async function learnPartition(
  source: HistoryPartition,
  learner: Learner,
  format: ValueFormat | undefined,
): Promise<number> {
  let events = 0;
  for await (const records of source.read()) {
    await format?.prepare(records, patience());
    learner.learn(records);
    events += records.length;
  }
  return events;
}

/** The state of the service's own input keeps its offset, so that a start goes on behind it. */
function stateOf(
  learner: Learner,
  { partition, end }: Pick<HistoryPartition, "partition" | "end">,
  inputId: string | undefined,
  anchored: boolean,
): ExportedState {
  const records = learner.end(anchored ? end : 0);
  if (!anchored) return { partition, committed: undefined, anyOffset: true, records };
  return { partition, committed: end, ...(inputId !== undefined && { inputId }), records };
}

/** Learns from a topic with another number of partitions: records go where their keys lead. */
async function learnMerged(
  history: History,
  partitions: number,
  context: LearnContext,
  format: ValueFormat | undefined,
): Promise<Learned> {
  const learners = Array.from({ length: partitions }, (_, partition) =>
    context.newLearner(partition, format),
  );
  const waiting: InputRecord[][] = learners.map(() => []);
  const take = async (partition: number): Promise<void> => {
    const records = waiting[partition]!.splice(0);
    await format?.prepare(records, patience());
    learners[partition]!.learn(records);
  };
  let events = 0;
  for await (const { partition, record } of mergedHistory(history.partitions)) {
    const target = record.key === null ? partition % partitions : partitionOfKey(record.key, partitions);
    if (waiting[target]!.push(record) === batchSize) await take(target);
    events++;
  }
  for (let partition = 0; partition < partitions; partition++) await take(partition);
  const keys = learners.reduce((sum, learner) => sum + learner.keys, 0);
  const states = learners.map((learner, partition) =>
    stateOf(learner, { partition, end: 0 }, undefined, false),
  );
  return { partitions, events, keys, states };
}
