/** Finds the ids of the schemas with which forecasts and incidents are written. */
import { registerOutput, type OutputOptions } from "../../adapters/schemas/index.js";
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import { hasRegisteredSchema, incidentEncoding, withJsonIncidents } from "../../pipeline/encode-settings.js";
import { registryOf } from "./decode/format.js";

export interface SchemaIdOptions {
  /** Only asks for the id, for commands that write no forecasts. */
  readonly isRegistered?: boolean;
  readonly report?: (line: string) => void;
  /** Ends the wait for a registry that is away. */
  readonly stop?: AbortSignal;
}

/**
 * Returns the configuration with the id of the forecasts' schema, and with that of the incidents where a topic gets them and
 * the command writes; each if its format has one. Throws SETTING_INVALID, REGISTRY_REFUSED, REGISTRY_UNREACHABLE.
 */
export async function withSchemaId<Settings extends Config>(
  settings: Settings,
  options: SchemaIdOptions,
): Promise<Settings> {
  const { encode, model, topics } = settings;
  const { incidents } = encode;
  const encoding = incidentEncoding(encode);
  const idOf = (
    section: string,
    format: string,
    output: Omit<OutputOptions, "registry">,
  ): Promise<number> => {
    const registry = registryOf(settings);
    if (registry !== undefined) return registerOutput({ registry, ...output, ...options });
    throw withoutRegistry(section, format);
  };
  let { schemaId } = encode;
  if (hasRegisteredSchema(encode)) {
    const subject = encode.subject ?? `${topics.forecasts}-value`;
    schemaId ??= await idOf("encode", encode.format, { subject, encode, forecaster: model });
  }
  let incidentsId = incidents.schemaId;
  const incidentsTopic = topics.incidents ?? topics.candidateIncidents;
  if (incidentsTopic !== undefined && options.isRegistered !== true && hasRegisteredSchema(encoding)) {
    const subject = incidents.subject ?? `${incidentsTopic}-value`;
    incidentsId ??= await idOf("encode.incidents", encoding.format, {
      subject,
      encode,
      records: "incidents",
    });
  }
  return { ...settings, encode: { ...encode, schemaId, incidents: { ...incidents, schemaId: incidentsId } } };
}

/** Throws SETTING_INVALID where the ids of the schemas can come from nowhere. */
export function checkOutputSchemas({ encode, topics, schemaRegistry }: Config): void {
  if (schemaRegistry.url !== undefined) return;
  if (hasRegisteredSchema(encode) && encode.schemaId === undefined) {
    throw withoutRegistry("encode", encode.format);
  }
  const encoding = incidentEncoding(encode);
  const hasIncidents = (topics.incidents ?? topics.candidateIncidents) !== undefined;
  if (hasIncidents && hasRegisteredSchema(encoding) && encode.incidents.schemaId === undefined) {
    throw withoutRegistry("encode.incidents", encoding.format);
  }
}

function withoutRegistry(section: string, format: string): UndercurrentError {
  return new UndercurrentError(
    "SETTING_INVALID",
    `${section}.format: ${format} needs schemaRegistry.url or ${section}.schemaId`,
  );
}

/** Returns the configuration with forecasts and incidents in JSON, for what writes none to a topic. */
export function withoutSchema<Settings extends Config>(settings: Settings): Settings {
  const { encode, topics } = settings;
  const hasIncidents = (topics.incidents ?? topics.candidateIncidents) !== undefined;
  const forecasts = hasRegisteredSchema(encode) ? { ...encode, format: "json" as const } : encode;
  return { ...settings, encode: hasIncidents ? withJsonIncidents(forecasts) : forecasts };
}
