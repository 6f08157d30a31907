/** Finds the id of the schema with which forecasts are written. */
import { registerOutput } from "../../adapters/schemas/index.js";
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import { hasRegisteredSchema } from "../../pipeline/encode-settings.js";
import { registryOf } from "./format.js";

export interface SchemaIdOptions {
  /** Only asks for the id, for commands that write no forecasts. */
  readonly isRegistered?: boolean;
  readonly report?: (line: string) => void;
  /** Ends the wait for a registry that is away. */
  readonly stop?: AbortSignal;
}

/**
 * Returns the configuration with the id of the forecasts' schema, if the format has one. Throws SETTING_INVALID,
 * REGISTRY_REFUSED, REGISTRY_UNREACHABLE.
 */
export async function withSchemaId<Settings extends Config>(
  settings: Settings,
  options: SchemaIdOptions,
): Promise<Settings> {
  const { encode, model, topics } = settings;
  if (!hasRegisteredSchema(encode) || encode.schemaId !== undefined) return settings;
  const registry = registryOf(settings);
  if (registry === undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `encode.format: ${encode.format} needs schemaRegistry.url or encode.schemaId`,
    );
  }
  const subject = encode.subject ?? `${topics.forecasts}-value`;
  const schemaId = await registerOutput({ registry, subject, encode, forecaster: model, ...options });
  return { ...settings, encode: { ...encode, schemaId } };
}

/** Returns the configuration with forecasts in JSON, for what writes none to a topic. */
export function withoutSchema<Settings extends Config>(settings: Settings): Settings {
  if (!hasRegisteredSchema(settings.encode)) return settings;
  return { ...settings, encode: { ...settings.encode, format: "json" } };
}
