/** The log in memory is held to the contracts of the ports: what the simulator proves is worth no more than it. */
import type { PipelineHarness } from "../contracts/pipeline.js";
import { committerContract } from "../contracts/committer.js";
import { sourceContract } from "../contracts/source.js";
import { Group } from "./group.js";
import { TransactionalLog } from "./log.js";

function inMemory(partitions: number): Promise<PipelineHarness> {
  const log = new TransactionalLog(partitions);
  const group = new Group(log);
  let names = 0;
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return Promise.resolve({
    routedTopic: "alerts",
    append: (partition, records) => {
      for (const record of records) log.append(partition, record);
      return Promise.resolve();
    },
    member: () => group.join(`m${names++}`),
    forecasts: (partition) => Promise.resolve(log.visible(partition).forecasts),
    incidents: (partition) => Promise.resolve(log.visible(partition).incidents),
    deadLetters: () => Promise.resolve(all.flatMap((partition) => log.visible(partition).deadLetters)),
    routed: () => Promise.resolve(all.flatMap((partition) => log.visible(partition).routed)),
    close: () => Promise.resolve(),
  });
}

sourceContract("The log in memory", inMemory);
committerContract("The log in memory", inMemory);
