/** Opens the format of the input's values as the configuration says. */
import { openFormat, type RegistryOptions } from "../../adapters/schemas/index.js";
import { readTextFile } from "../../config/read-file.js";
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import type { ValueFormat } from "../../pipeline/decode/format.js";

/**
 * Returns the parser of the values; undefined for a format without schemas.
 *
 * @param report Takes a line while the registry is away.
 * @throws SETTING_INVALID, FORMAT_PACKAGE_MISSING.
 */
export async function formatOf(
  { decode, schemaRegistry }: Pick<Config, "decode" | "schemaRegistry">,
  report: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Promise<ValueFormat | undefined> {
  const { format, schemaFile, message } = decode;
  if (format !== "avro" && format !== "protobuf") return undefined;
  const registry = schemaFile === undefined ? registryOf({ schemaRegistry }) : undefined;
  const schema = schemaFile === undefined ? undefined : textOf("decode.schemaFile", schemaFile);
  return openFormat({ format, registry, schema, message, report });
}

/** Returns how to reach the registry; undefined without one. */
export function registryOf({ schemaRegistry }: Pick<Config, "schemaRegistry">): RegistryOptions | undefined {
  const { url, ca, ...others } = schemaRegistry;
  return url === undefined ? undefined : { ...others, url, ...(ca !== undefined && { ca: pem(ca) }) };
}

function pem(ca: string): string {
  return ca.includes("-----BEGIN ") ? ca : textOf("schemaRegistry.ca", ca);
}

function textOf(setting: string, file: string): string {
  try {
    return readTextFile(file);
  } catch (cause) {
    throw new UndercurrentError("SETTING_INVALID", `${setting}: ${(cause as Error).message}`, { cause });
  }
}
