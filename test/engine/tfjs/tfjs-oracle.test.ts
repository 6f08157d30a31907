/** The engine on TensorFlow.js against the 64-bit oracle. */
import { loadTfjsEngine } from "../../../src/engine/tfjs/factory.js";
import { describeOracle } from "../../contracts/oracle.js";

describeOracle("tfjs", await loadTfjsEngine({ backend: "wasm" }), 0.1);
