/** Reads Protobuf messages by the text of their schema: protobufjs, an optional package that is loaded on demand. */
import type * as Protobuf from "protobufjs";
import { UndercurrentError } from "../../errors/errors.js";

/** Loads protobufjs. Throws FORMAT_PACKAGE_MISSING. */
export async function loadProtobuf(): Promise<typeof Protobuf> {
  try {
    const loaded = (await import("protobufjs")) as typeof Protobuf & { default?: typeof Protobuf };
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new UndercurrentError(
      "FORMAT_PACKAGE_MISSING",
      "the format protobuf needs the package protobufjs, which is not installed: npm install protobufjs",
      { cause },
    );
  }
}

/**
 * Returns the texts of all files that a schema imports, also by its imports, each behind those that it needs. Google's own are left
 * out: the library has them.
 *
 * @param textOf Returns the text of a file by the name in the import.
 * @throws SETTING_INVALID with the name of an import without a text.
 */
export function importsOf(
  lib: typeof Protobuf,
  schema: string,
  textOf?: (name: string) => string,
): readonly string[] {
  const texts: string[] = [];
  const known = new Set<string>();
  const visit = (text: string): void => {
    const { imports = [], weakImports = [] } = lib.parse(text, new lib.Root(), { keepCase: true });
    for (const name of [...imports, ...weakImports]) {
      if (known.has(name) || lib.common.get(name) != null) continue;
      known.add(name);
      const found = textOfImport(name, textOf);
      visit(found);
      texts.push(found);
    }
  };
  visit(schema);
  return texts;
}

function textOfImport(name: string, textOf: ((name: string) => string) | undefined): string {
  if (textOf === undefined)
    throw new UndercurrentError("SETTING_INVALID", `it imports ${name}, whose text is not given`);
  try {
    return textOf(name);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UndercurrentError("SETTING_INVALID", `it imports ${name}: ${reason}`, { cause });
  }
}

/** Text of a schema, and of the files that it imports. */
export interface ProtobufFiles {
  readonly schema: string;
  readonly imports: readonly string[];
}

/** The message types of a schema, in the order of the file. */
export class ProtobufSchema {
  readonly #lib: typeof Protobuf;
  readonly #root: Protobuf.Root;
  /** The file alone: numbers of messages count within it. */
  readonly #file: Protobuf.Root;
  readonly #package: string;

  /** Throws an error of the library for text that is no schema. */
  constructor(lib: typeof Protobuf, { schema, imports }: ProtobufFiles) {
    this.#lib = lib;
    this.#root = new lib.Root();
    for (const name of ["timestamp", "wrappers", "duration", "struct", "any", "empty", "field_mask"]) {
      const common = lib.common.get(`google/protobuf/${name}.proto`);
      if (common?.nested != null) this.#root.addJSON(common.nested);
    }
    for (const text of imports) lib.parse(text, this.#root, { keepCase: true });
    lib.parse(schema, this.#root, { keepCase: true });
    this.#root.resolveAll();
    this.#file = new lib.Root();
    this.#package = lib.parse(schema, this.#file, { keepCase: true }).package ?? "";
  }

  /** Returns the reader of a message by its full name. Throws an error of the library for an unknown name. */
  reader(name: string): (bytes: Uint8Array, from: number) => unknown {
    const type = this.#root.lookupType(name);
    const options = { defaults: true, longs: Number, enums: String };
    return (bytes, from) => {
      const message = type.decode(from === 0 ? bytes : bytes.subarray(from));
      return this.#plain(type, type.toObject(message, options));
    };
  }

  /** Returns the full name of a message by its numbers, from the outermost message inwards; undefined if there is none. */
  nameOf(numbers: readonly number[]): string | undefined {
    let scope: Protobuf.NamespaceBase | undefined =
      this.#package === "" ? this.#file : (this.#file.lookup(this.#package) as Protobuf.NamespaceBase);
    for (const number of numbers) {
      const types: Protobuf.ReflectionObject[] = (scope?.nestedArray ?? []).filter(
        (one) => one instanceof this.#lib.Type,
      );
      scope = types[number] as Protobuf.Type | undefined;
    }
    return scope?.fullName.replace(/^\./, "");
  }

  /** Turns timestamps into dates and wrappers into their values. */
  #plain(type: Protobuf.Type, message: Record<string, unknown>): unknown {
    if (type.fullName === ".google.protobuf.Timestamp") {
      const { seconds, nanos } = message as { readonly seconds: number; readonly nanos: number };
      return new Date(1000 * seconds + Math.floor(nanos / 1e6));
    }
    if (
      type.fullName.startsWith(".google.protobuf.") &&
      type.fullName.endsWith("Value") &&
      type.fields["value"]
    ) {
      return message["value"];
    }
    for (const field of type.fieldsArray) {
      const inner = field.resolvedType;
      const value = message[field.name];
      if (!(inner instanceof this.#lib.Type) || value === undefined || value === null) continue;
      const plain = (one: unknown): unknown => this.#plain(inner, one as Record<string, unknown>);
      message[field.name] = Array.isArray(value)
        ? value.map(plain)
        : field.map
          ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
          : plain(value);
    }
    return message;
  }
}

/** Most levels of nested messages that a number names. */
const deepest = 32;

/**
 * Reads the numbers of the message after the schema's number in Confluent's wire format. Returns them and the offset of the
 * message. Throws a RangeError.
 */
export function messageNumbers(bytes: Uint8Array, from: number): { numbers: readonly number[]; at: number } {
  let at = from;
  const next = (): number => {
    let bits = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      bits |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (bits >>> 1) ^ -(bits & 1);
    }
    throw new RangeError("the numbers of its message are not readable");
  };
  const count = next();
  if (count < 0 || count > deepest) throw new RangeError("the numbers of its message are not readable");
  // A lone zero stands for the first message.
  const numbers = count === 0 ? [0] : Array.from({ length: count }, next);
  return { numbers, at };
}
