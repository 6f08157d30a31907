/** The bare echo on kafkajs as a process. Arguments: brokers, group, input, output, partitions. */
import { pipelineSettings } from "../../../src/pipeline/settings.js";
import { echo } from "../kafka-echo.js";

const [brokers, group, input, output, partitions] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const { commit } = pipelineSettings();
await echo(
  { brokers: brokers.split(","), group, input, output, partitions: Number(partitions), ...commit },
  () => false,
);
