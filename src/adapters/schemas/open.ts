/** Opens the formats that need schemas: Avro and Protobuf, from a registry or with the schema of a file. */
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../errors/errors.js";
import { requireSchemaId, schemaIdOf, wirePrefix, type ValueFormat } from "../../pipeline/decode/format.js";
import type { InputRecord } from "../../pipeline/ports.js";
import { avroReader, type AvroNames } from "./avro/reader.js";
import { importsOf, loadProtobuf, messageNumbers, ProtobufSchema } from "./protobuf.js";
import { SchemaRegistry, type RegisteredSchema, type RegistryOptions } from "./registry.js";

/** What to read, and where the schemas are. */
export interface FormatOptions {
  readonly format?: "avro" | "protobuf" | undefined;
  /** Format of the records' keys. */
  readonly keyFormat?: "avro" | "protobuf" | undefined;
  /** Registry of the schemas; the records are in Confluent's wire format. */
  readonly registry?: RegistryOptions | undefined;
  /** Text of the one schema of values that are not in Confluent's wire format. */
  readonly schema?: string | undefined;
  /** Returns the text of a file that this schema or an import of it imports, by the name in the import. */
  readonly schemaImports?: ((name: string) => string) | undefined;
  /** Full name of the Protobuf message of records without a registry. */
  readonly message?: string | undefined;
  /** Text of the one schema of keys that are not in Confluent's wire format. */
  readonly keySchema?: string | undefined;
  /** The same as `schemaImports` for `keySchema`. */
  readonly keySchemaImports?: ((name: string) => string) | undefined;
  /** Full name of the Protobuf message of keys without a registry. */
  readonly keyMessage?: string | undefined;
  /** Takes a line while the registry is away. */
  readonly report?: ((line: string) => void) | undefined;
}

type Parse = (bytes: Uint8Array, from: number) => unknown;

/**
 * Opens a format.
 *
 * @throws FORMAT_PACKAGE_MISSING if Protobuf needs its package, SETTING_INVALID if the schema of the file cannot be used.
 *
 * @example
 * ```ts
 * const format = await openFormat({ format: "avro", registry: { url: "http://localhost:8081", timeoutMs: 10_000 } });
 * run(source, committer, { decode: { format: "avro", value: "celsius" }, format });
 * ```
 */
export async function openFormat(options: FormatOptions): Promise<ValueFormat> {
  const { format, keyFormat, schema, message, keySchema } = options;
  const { registry, report } = options;
  const values =
    format &&
    (await openPart({
      ...{ format, schema, message, registry, report, textOf: options.schemaImports },
      names: ["format", "schemaFile"],
    }));
  if (keyFormat === undefined) return values ?? { prepare: () => undefined, parse: noFormat };
  const keys = await openPart({
    ...{ format: keyFormat, schema: keySchema, message: options.keyMessage, registry, report },
    textOf: options.keySchemaImports,
    names: ["keyFormat", "keySchemaFile"],
  });
  return {
    prepare: (records, signal) => {
      const prepared = [
        values?.prepare(records, signal),
        keys instanceof RegistryFormat ? keys.prepareKeys(records, signal) : undefined,
      ];
      const pending = prepared.filter((one) => one !== undefined);
      return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
    },
    parse: (value, record) => (values === undefined ? noFormat() : values.parse(value, record)),
    parseKey: (key) => keys.parse(key),
  };
}

function noFormat(): never {
  throw new UndercurrentError("SETTING_INVALID", "format: the option names no format of values");
}

async function compilerOf(format: "avro" | "protobuf"): Promise<Compile> {
  return format === "avro" ? compileAvro : protobufCompiler(await loadProtobuf());
}

/** The records' values, or their keys. */
interface FormatPart extends Pick<FormatOptions, "registry" | "schema" | "message" | "report"> {
  readonly format: "avro" | "protobuf";
  /** Returns the text of a file that the schema imports. */
  readonly textOf?: ((name: string) => string) | undefined;
  /** Names of the settings of format and file, for errors. */
  readonly names: readonly [format: string, file: string];
}

async function openPart(part: FormatPart): Promise<ValueFormat> {
  const { format, registry, schema, message, report } = part;
  const [formatName, fileName] = part.names;
  const compile = await compilerOf(format);
  if (schema === undefined && registry !== undefined)
    return new RegistryFormat(new SchemaRegistry(registry), compile, report);
  if (schema === undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `decode.${formatName}: ${format} needs schemaRegistry.url or decode.${fileName}`,
    );
  }
  let parse: Parse;
  try {
    const others = format === "protobuf" ? importsOf(await loadProtobuf(), schema, part.textOf) : [];
    parse = compile({ schema, others }, message ?? "");
  } catch (cause) {
    throw new UndercurrentError("SETTING_INVALID", `decode.${fileName}: ${messageOf(cause)}`, { cause });
  }
  const hint = (id: number): string =>
    `; it looks like Confluent's wire format, schema id ${id}: leave decode.${fileName} out, and schemaRegistry has the schema of each record`;
  return { prepare: () => undefined, parse: (value) => parsed(parse, value, 0, hint) };
}

/** A schema with the texts of all that it refers to, in order. */
interface WholeSchema {
  readonly schema: string;
  readonly others: readonly string[];
}

/** Makes the parser of a schema; without a message's name, of Confluent's wire format. */
type Compile = (schema: WholeSchema, message?: string) => Parse;

function compileAvro({ schema, others }: WholeSchema): Parse {
  const names: AvroNames = new Map();
  for (const other of others) avroReader(JSON.parse(other), names);
  return avroReader(JSON.parse(schema), names);
}

function protobufCompiler(lib: Awaited<ReturnType<typeof loadProtobuf>>): Compile {
  return ({ schema, others }, message) => {
    const file = new ProtobufSchema(lib, { schema, imports: others });
    if (message !== undefined) return file.reader(message === "" ? (file.nameOf([0]) ?? "") : message);
    const readers = new Map<string, Parse>();
    return (bytes, from) => {
      const { numbers, at } = messageNumbers(bytes, from);
      const key = numbers.join();
      let read = readers.get(key);
      if (read === undefined) {
        const name = file.nameOf(numbers);
        if (name === undefined) throw new RangeError(`its schema has no message ${key}`);
        readers.set(key, (read = file.reader(name)));
      }
      return read(bytes, at);
    };
  };
}

/** Attempts to find a schema that the registry says it does not have: its replicas may lag behind the producer's. */
const attempts = 3;
const [firstDelayMs, longestDelayMs] = [1000, 30_000];

class RegistryFormat implements ValueFormat {
  readonly #registry: SchemaRegistry;
  readonly #compile: Compile;
  readonly #report: (line: string) => void;
  /** A parser, or why there is none. */
  readonly #parsers = new Map<number, Parse | UndercurrentError>();

  constructor(registry: SchemaRegistry, compile: Compile, report: (line: string) => void = () => undefined) {
    this.#registry = registry;
    this.#compile = compile;
    this.#report = report;
  }

  prepare(records: readonly InputRecord[], signal: AbortSignal): Promise<void> | undefined {
    return this.#prepare(records, "value", signal);
  }

  /** The same for the records' keys. */
  prepareKeys(records: readonly InputRecord[], signal: AbortSignal): Promise<void> | undefined {
    return this.#prepare(records, "key", signal);
  }

  #prepare(
    records: readonly InputRecord[],
    part: "key" | "value",
    signal: AbortSignal,
  ): Promise<void> | undefined {
    let last = -1;
    let missing: Set<number> | undefined;
    for (const record of records) {
      const bytes = record[part];
      const id = bytes === null ? undefined : schemaIdOf(bytes);
      if (id === undefined || id === last) continue;
      last = id;
      if (!this.#parsers.has(id)) (missing ??= new Set()).add(id);
    }
    return missing && this.#fetchAll(missing, signal);
  }

  parse(value: Uint8Array): unknown {
    const id = requireSchemaId(value);
    const parser = this.#parsers.get(id);
    if (typeof parser === "function") return parsed(parser, value, wirePrefix);
    throw parser ?? new UndercurrentError("SCHEMA_UNREADABLE", `schema ${id} was not fetched`);
  }

  async #fetchAll(ids: ReadonlySet<number>, signal: AbortSignal): Promise<void> {
    let missing = [...ids];
    for (let attempt = 1; missing.length > 0; attempt++) {
      const unknown: number[] = [];
      for (const id of missing) {
        const parser = await this.#patiently(() => this.#parserOf(id), signal);
        if (parser !== undefined) this.#parsers.set(id, parser);
        else if (attempt < attempts) unknown.push(id);
        else this.#parsers.set(id, unreadable(id, "the registry does not have it"));
      }
      missing = unknown;
      if (missing.length > 0) await sleep(firstDelayMs, undefined, { signal });
    }
  }

  /** Repeats while the registry is away. */
  async #patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let delay = firstDelayMs; ; delay = Math.min(2 * delay, longestDelayMs)) {
      signal.throwIfAborted();
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof UndercurrentError) || error.code !== "REGISTRY_UNREACHABLE") throw error;
        this.#report(`${error.message}; the partition waits, next attempt in ${delay / 1000} s`);
        await sleep(delay, undefined, { signal });
      }
    }
  }

  async #parserOf(id: number): Promise<Parse | UndercurrentError | undefined> {
    const found = await this.#registry.schema(id);
    if (found === undefined) return undefined;
    const others: string[] = [];
    if (!(await this.#collect(found, others, new Set())))
      return unreadable(id, "the registry lacks a reference of it");
    try {
      return this.#compile({ schema: found.schema, others });
    } catch (cause) {
      return unreadable(id, messageOf(cause), cause);
    }
  }

  /** Adds the texts of all references, each after its own. Returns whether all were found. */
  async #collect(
    { references = [] }: RegisteredSchema,
    texts: string[],
    seen: Set<string>,
  ): Promise<boolean> {
    for (const { subject, version } of references) {
      const name = `${subject}/${version}`;
      if (seen.has(name)) continue;
      seen.add(name);
      const found = await this.#registry.version(subject, version);
      if (found === undefined || !(await this.#collect(found, texts, seen))) return false;
      texts.push(found.schema);
    }
    return true;
  }
}

function parsed(
  parse: Parse,
  value: Uint8Array,
  from: number,
  hint: (id: number) => string = () => "",
): unknown {
  try {
    return parse(value, from);
  } catch (cause) {
    const id = schemaIdOf(value);
    const message = `the record's value is not readable: ${messageOf(cause)}${id === undefined ? "" : hint(id)}`;
    throw new UndercurrentError("RECORD_UNREADABLE", message, { cause });
  }
}

function unreadable(id: number, reason: string, cause?: unknown): UndercurrentError {
  return new UndercurrentError("SCHEMA_UNREADABLE", `schema ${id} cannot be used: ${reason}`, { cause });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
