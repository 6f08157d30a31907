import fc from "fast-check";
import { usePretrainedWeights } from "../../src/forecast/learning/initial/use-pretrained.js";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env["UNDERCURRENT_TEST_SEED"]) });
// As commands do, and whatever ran before in the same worker.
usePretrainedWeights();
