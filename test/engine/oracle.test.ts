/** The WebAssembly engine against the 64-bit oracle. */
import { wasmEngine } from "../../src/engine/wasm/engine.js";
import { describeOracle } from "../contracts/oracle.js";

describeOracle("wasm", wasmEngine, 1);
