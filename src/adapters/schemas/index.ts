/** Exports `undercurrent-forecast/schemas`, the formats whose records need schemas: Avro and Protobuf. */
export { openFormat, type FormatOptions } from "./open.js";
export type { RegistryOptions } from "./registry.js";
export type { ValueFormat } from "../../pipeline/decode/format.js";
