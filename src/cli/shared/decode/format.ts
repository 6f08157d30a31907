/** Opens the format of the input's values as the configuration says. */
import { openFormat, type RegistryOptions } from "../../../adapters/schemas/index.js";
import { readTextFile } from "../../../config/read-file.js";
import type { Config } from "../../../config/schema.js";
import { UndercurrentError } from "../../../errors/errors.js";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ValueFormat } from "../../../pipeline/decode/format.js";
import { decodeWith, type DecodeHook } from "../../../pipeline/decode/hook.js";

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
  const { message, keyMessage } = decode;
  const format = withSchema(decode.format);
  const keyFormat = withSchema(decode.keyFormat);
  const hook = decode.format === "module" ? await moduleFormat(decode.module) : undefined;
  if (format === undefined && keyFormat === undefined) return hook;
  const schemas = {
    schema: schemaText("schemaFile", decode),
    schemaImports: importsBeside(decode.schemaFile),
    keySchema: schemaText("keySchemaFile", decode),
    keySchemaImports: importsBeside(decode.keySchemaFile),
  };
  const registry = registryOf({ schemaRegistry });
  const opened = await openFormat({ format, keyFormat, message, keyMessage, ...schemas, registry, report });
  return hook === undefined ? opened : { ...opened, parse: (value, record) => hook.parse(value, record) };
}

function withSchema(format: string): "avro" | "protobuf" | undefined {
  return format === "avro" || format === "protobuf" ? format : undefined;
}

/** Returns the text of a schema's file; undefined without one. */
function schemaText(setting: "schemaFile" | "keySchemaFile", decode: Config["decode"]): string | undefined {
  const file = decode[setting];
  return file === undefined ? undefined : textOf(`decode.${setting}`, file);
}

/** Returns what reads the files that a schema's file imports: names begin at its folder. */
function importsBeside(file: string | undefined): ((name: string) => string) | undefined {
  return file === undefined ? undefined : (name) => readTextFile(join(dirname(file), name));
}

/** Loads the function that reads values. Throws SETTING_INVALID. */
async function moduleFormat(file: string | undefined): Promise<ValueFormat> {
  if (file === undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "decode.format: module needs decode.module, the path of a file",
    );
  }
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(resolve(file)).href)) as typeof loaded;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UndercurrentError("SETTING_INVALID", `decode.module: ${file} cannot be loaded: ${message}`, {
      cause,
    });
  }
  if (typeof loaded.default !== "function") {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `decode.module: ${file} has no function as its default export, such as (value, record) => ({ key, time, value })`,
    );
  }
  return decodeWith(loaded.default as DecodeHook);
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
