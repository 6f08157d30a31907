/** Exports `undercurrent-forecast/schemas`, the formats whose records need schemas: Avro, Protobuf, and forecasts with a schema. */
export { openFormat, type FormatOptions } from "./open.js";
export { registerOutput, type OutputOptions } from "./output.js";
export type { RegistryOptions } from "./registry.js";
export type { ValueFormat } from "../../pipeline/decode/format.js";
