/** Reads records of the incidents topic in the format of the configuration, and in JSON. */
import { openFormat } from "../../adapters/schemas/index.js";
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import { patience, schemaIdOf, wirePrefix, type ValueFormat } from "../../pipeline/decode/format.js";
import { incidentEncoding } from "../../pipeline/encode-settings.js";
import { incidentSchema } from "../../pipeline/encode/incidents/fields.js";
import { IncidentFormat } from "../../pipeline/encode/incidents/format.js";
import { incidentOf, readIncident, type IncidentMessage } from "../../pipeline/encode/incidents/message.js";
import type { InputRecord } from "../../pipeline/ports.js";
import { registryOf } from "./decode/format.js";
import { whole } from "./text.js";

export interface IncidentReader {
  /** Fetches the schemas that records need. */
  readonly prepare: (records: readonly InputRecord[]) => Promise<void> | undefined;
  /** Reads a record; undefined for any other content, such as feedback. */
  readonly read: (value: Uint8Array | null) => IncidentMessage | undefined;
  /** Whether a record of the topic is a JSON message, in the format of the configuration or as it is. */
  readonly isSame: (json: Uint8Array, value: Uint8Array) => boolean;
  /** Says on standard error how many records with a schema could not be read, if there are any. */
  readonly warn: () => void;
}

/** Opens the format of incidents. Throws SETTING_INVALID, FORMAT_PACKAGE_MISSING. */
export async function incidentReader(
  settings: Pick<Config, "encode" | "schemaRegistry">,
  report: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Promise<IncidentReader> {
  const { format: name } = incidentEncoding(settings.encode);
  const format = await formatOf(settings, report);
  let unread = 0;
  let reason = "";
  const read = (value: Uint8Array | null): IncidentMessage | undefined => {
    const message = readIncident(value);
    if (value === null || message !== undefined || schemaIdOf(value) === undefined) return message;
    try {
      if (format !== undefined) return incidentOf(format.parse(value));
      reason ||= `it has schema id ${schemaIdOf(value)}, but the format of incidents is ${name}`;
    } catch (error) {
      if (!(error instanceof UndercurrentError)) throw error;
      reason ||= error.message;
    }
    unread++;
    return undefined;
  };
  return {
    prepare: (records) => format?.prepare(records, patience()),
    read,
    isSame: (json, value) => {
      if (Buffer.compare(json, value) === 0) return true;
      const schemaId = schemaIdOf(value) ?? 1;
      const written = new IncidentFormat({ format: name, incidents: { schemaId } });
      return Buffer.compare(written.encode(Buffer.from(json)), value) === 0;
    },
    warn: () => {
      if (unread > 0)
        report(`${whole(unread)} records of the incidents topic cannot be read; the first: ${reason}`);
    },
  };
}

/** Returns the parser of Avro and Protobuf: by the schemas of the registry, or by the schema of this release without one. */
async function formatOf(
  settings: Pick<Config, "encode" | "schemaRegistry">,
  report: (line: string) => void,
): Promise<ValueFormat | undefined> {
  const { format } = incidentEncoding(settings.encode);
  if (format !== "avro" && format !== "protobuf") return undefined;
  const registry = registryOf(settings);
  if (registry !== undefined) return openFormat({ format, registry, report });
  const own = await openFormat({ format, schema: incidentSchema(format).schema });
  // The number of the first message follows in Protobuf.
  const begin = wirePrefix + (format === "protobuf" ? 1 : 0);
  return { ...own, parse: (value) => own.parse(value.subarray(begin)) };
}
