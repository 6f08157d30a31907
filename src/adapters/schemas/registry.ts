/** Asks a schema registry with Confluent's API (Confluent, Apicurio, Karapace, Redpanda). */
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { UndercurrentError } from "../../errors/errors.js";
import type { OutputSchema } from "../../pipeline/encode/output-schema.js";

/** How to reach a registry. */
export interface RegistryOptions {
  /** Base address, such as https://registry:8081; a path before /schemas may follow. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Bearer token, instead of user name and password. */
  readonly token?: string | undefined;
  /** PEM text of the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** Longest time of one request, in milliseconds. */
  readonly timeoutMs: number;
}

/** A schema as the registry has it. */
export interface RegisteredSchema {
  readonly schema: string;
  readonly schemaType?: "AVRO" | "PROTOBUF" | "JSON";
  readonly references?: readonly {
    readonly name: string;
    readonly subject: string;
    readonly version: number;
  }[];
}

/** Largest answer that is read, in bytes. */
const mostBytes = 16_777_216;

export class SchemaRegistry {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Returns a schema; undefined if the registry does not have it. Rejects with REGISTRY_REFUSED or REGISTRY_UNREACHABLE. */
  schema(id: number): Promise<RegisteredSchema | undefined> {
    return this.#get(`schemas/ids/${id}`);
  }

  /** Returns a version of a subject, as `schema` does. */
  version(subject: string, version: number): Promise<RegisteredSchema | undefined> {
    return this.#get(`subjects/${encodeURIComponent(subject)}/versions/${version}`);
  }

  /**
   * Registers a schema under a subject and returns its id, the same for the same schema. Rejects with REGISTRY_REFUSED, also if
   * the schema is not compatible with earlier ones, or with REGISTRY_UNREACHABLE.
   */
  async register(subject: string, schema: OutputSchema): Promise<number> {
    const path = `subjects/${encodeURIComponent(subject)}/versions`;
    const registered = await this.#ask<{ id: number }>(path, schema);
    if (registered !== undefined) return registered.id;
    throw new UndercurrentError(
      "REGISTRY_REFUSED",
      `the schema registry answers 404 to ${path}: check the path of schemaRegistry.url`,
    );
  }

  /** Returns the id of a schema under a subject; undefined if it is not registered there. Rejects as `schema` does. */
  async find(subject: string, schema: OutputSchema): Promise<number | undefined> {
    const found = await this.#ask<{ id: number }>(`subjects/${encodeURIComponent(subject)}`, schema);
    return found?.id;
  }

  #get(path: string): Promise<RegisteredSchema | undefined> {
    return this.#ask<RegisteredSchema>(path);
  }

  /** Asks, or sends a schema. Returns undefined for what the registry does not have. */
  async #ask<Answer>(path: string, sent?: OutputSchema): Promise<Answer | undefined> {
    const base = this.#options.url.endsWith("/") ? this.#options.url : `${this.#options.url}/`;
    const url = new URL(path, base);
    const body = sent && JSON.stringify(sent);
    const { status, text } = await this.#fetch(url, body).catch((cause: unknown) => {
      throw unreachable(url, cause instanceof Error ? cause.message : String(cause), cause);
    });
    if (status === 404) return undefined;
    const refusals = sent === undefined ? [401, 403] : [401, 403, 409, 422];
    if (refusals.includes(status)) {
      const reason = status === 409 || status === 422 ? `: ${text.slice(0, 500)}` : "";
      throw new UndercurrentError(
        "REGISTRY_REFUSED",
        `the schema registry ${url.host} answers ${status} to ${url.pathname}${reason}`,
      );
    }
    if (status !== 200) throw unreachable(url, `it answers ${status} to ${url.pathname}`);
    try {
      return JSON.parse(text) as Answer;
    } catch (cause) {
      throw unreachable(url, `it answers ${url.pathname} with no JSON`, cause);
    }
  }

  #fetch(url: URL, body?: string): Promise<{ readonly status: number; readonly text: string }> {
    const { username, password = "", token, ca, timeoutMs } = this.#options;
    const basic = username && `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const authorization = token === undefined ? basic : `Bearer ${token}`;
    const headers = {
      accept: "application/vnd.schemaregistry.v1+json, application/json",
      ...(authorization !== undefined && { authorization }),
      ...(body !== undefined && { "content-type": "application/vnd.schemaregistry.v1+json" }),
    };
    const method = body === undefined ? "GET" : "POST";
    return new Promise((resolve, reject) => {
      const send = url.protocol === "https:" ? tlsRequest : plainRequest;
      const signal = AbortSignal.timeout(timeoutMs);
      const request = send(url, { method, headers, signal, ...(ca !== undefined && { ca }) }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > mostBytes) response.destroy(new RangeError(`it sends more than ${mostBytes} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
        );
      });
      request.on("error", (error) => {
        reject(signal.aborted ? new RangeError(`no answer within ${timeoutMs} ms`) : error);
      });
      request.end(body);
    });
  }
}

function unreachable(url: URL, reason: string, cause?: unknown): UndercurrentError {
  return new UndercurrentError("REGISTRY_UNREACHABLE", `the schema registry ${url.host}: ${reason}`, {
    cause,
  });
}
