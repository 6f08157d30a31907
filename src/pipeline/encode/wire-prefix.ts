/** Returns the bytes before the data in Confluent's wire format. */
import { UndercurrentError } from "../../errors/errors.js";
import type { IncidentEncoding } from "../encode-settings.js";

/**
 * Returns a zero, the schema's id and, for Protobuf, the number of the first message. Throws SETTING_INVALID without an id.
 *
 * @param section Section of the settings, for the error.
 */
export function wirePrefixOf({ format, schemaId }: IncidentEncoding, section = "encode"): Uint8Array {
  if (schemaId === undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `${section}.format: ${format} needs ${section}.schemaId, such as registerOutput of undercurrent-forecast/schemas returns`,
    );
  }
  const prefix = Buffer.alloc(format === "protobuf" ? 6 : 5);
  prefix.writeUInt32BE(schemaId, 1);
  return prefix;
}
