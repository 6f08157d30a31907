/**
 * Sends requests of the protocol on connections of @platformatic/kafka. The client encodes, decodes and authenticates; which
 * broker is asked, and how often, is decided here and by the users of this file.
 */
import type { Admin, Connection } from "@platformatic/kafka";
import { UndercurrentError } from "../../../errors/errors.js";
import { protocolNames } from "../errors.js";
import type { KafkaConnection } from "../options.js";
import { tellWhyItBroke } from "./broken-connections.js";
import { connectionOf } from "./connection.js";
import { loadWholeClient, type PlatformaticModule } from "./load.js";

/** Address of a broker. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** A topic as the brokers describe it. */
export interface TopicDescription {
  readonly name: string;
  readonly id: string;
  /** By number. */
  readonly partitions: readonly {
    /** Node of the leader; -1 for none. */
    readonly leader: number;
    readonly replicas: readonly number[];
  }[];
}

/** The brokers, and the topics that were asked for. */
export interface ClusterDescription {
  /** By node. */
  readonly brokers: ReadonlyMap<number, BrokerAddress>;
  readonly topics: ReadonlyMap<string, TopicDescription>;
  /** The client's error, if one of the topics that were asked for has one. */
  readonly error: Error | undefined;
}

/** The part of a response to a metadata request that is used. */
interface MetadataResponse {
  readonly brokers: readonly (BrokerAddress & { readonly nodeId: number })[];
  readonly topics: readonly {
    readonly name: string | null;
    readonly topicId: string;
    readonly errorCode: number;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly leaderId: number;
      readonly replicaNodes: readonly number[];
    }[];
  }[];
}

/** A function of the client for one request. Its last argument takes the answer. */
type Api = (connection: Connection, ...values: readonly unknown[]) => void;
type Answer<T> = (error: Error | null, answer: T) => void;
type ApiGetter = (name: string, callback: Answer<Api>) => void;

/** Longest wait for an answer that no rebalance delays, in ms. */
const patience = 30_000;

/** How a cluster is used. */
export interface ClusterUse {
  /** Called for each answer of the brokers. */
  readonly answered?: (() => void) | undefined;
  /** Longest wait for an answer, in ms. */
  readonly requestTimeoutMs?: number | undefined;
}

export class Cluster {
  readonly #options: KafkaConnection;
  readonly #use: ClusterUse;
  #client: PlatformaticModule | undefined;
  #admin: Admin | undefined;
  #closed = false;
  /** Brokers that an answer has named. */
  #known: readonly BrokerAddress[] = [];

  constructor(options: KafkaConnection, use: ClusterUse = {}) {
    this.#options = options;
    this.#use = use;
  }

  /** The client's module. Only after `open`. */
  get client(): PlatformaticModule {
    return this.#client!;
  }

  /** The client's administrator, on the connections of this cluster. Only after `open`. */
  get admin(): Admin {
    if (this.#admin === undefined)
      throw new UndercurrentError("BROKER_UNREACHABLE", "the client is not connected");
    return this.#admin;
  }

  /** Loads the client. Nothing connects before the first request. */
  async open(): Promise<void> {
    if (this.#admin !== undefined) return;
    this.#client = await loadWholeClient();
    const { requestTimeoutMs = patience } = this.#use;
    // Retries are the users': the client would repeat requests to the same broker.
    const connection = { ...connectionOf(this.#options), retries: 0 };
    // A timeout of the client destroys the connection. It comes first here only for requests without a limit of their own.
    this.#admin = new this.#client.Admin({ ...connection, requestTimeout: requestTimeoutMs });
    this.#admin.connections.on("connecting", ({ connection: made }) => tellWhyItBroke(made));
  }

  /** Closes the connections. Requests that are under way fail. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#admin?.close().catch(() => undefined);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Takes note of an answer. */
  answered(): void {
    this.#use.answered?.();
  }

  /** Returns a connection to a broker, or to any broker. */
  async connection(broker?: BrokerAddress): Promise<Connection> {
    if (broker !== undefined) return await this.admin.connections.get(broker);
    const { bootstrapServers } = this.#options;
    return await this.admin.connections.getFirstAvailable([
      ...bootstrapServers.map(addressOf),
      ...this.#known,
    ]);
  }

  /** Whether the brokers and the client know a request. */
  async supports(name: string): Promise<boolean> {
    const apis = await this.admin.listApis();
    return apis.some((api) => api.name === name);
  }

  /** Sends a request in the latest version that both sides know. Rejects with the client's error. */
  async request<T>(connection: Connection, name: string, ...values: readonly unknown[]): Promise<T> {
    const api = await this.#api(name);
    const answer = await new Promise<T>((resolve, reject) =>
      api(connection, ...values, (error: Error | null, response: T) =>
        error === null ? resolve(response) : reject(error),
      ),
    );
    this.answered();
    return answer;
  }

  async #api(name: string): Promise<Api> {
    const get = this.admin[this.client.kGetApi].bind(this.admin) as unknown as ApiGetter;
    return await new Promise((resolve, reject) =>
      get(name, (error, api) => (error === null ? resolve(api) : reject(error))),
    );
  }

  /** Describes the brokers and these topics, or all topics. Does not reject for a topic that is missing or hidden. */
  async describe(topics: readonly string[] | null): Promise<ClusterDescription> {
    const connection = await this.connection();
    let response: MetadataResponse;
    let error: Error | undefined;
    try {
      response = await this.request<MetadataResponse>(
        connection,
        "Metadata",
        topics && [...topics],
        false,
        false,
      );
    } catch (cause) {
      const partly = (cause as { readonly response?: MetadataResponse }).response;
      if (partly === undefined) throw cause;
      this.answered();
      response = partly;
      error = cause as Error;
    }
    const described = new Map<string, TopicDescription>();
    for (const { name, topicId, errorCode, partitions } of response.topics) {
      if (name === null || errorCode !== 0) continue;
      const byNumber: TopicDescription["partitions"][number][] = [];
      for (const { partitionIndex, leaderId, replicaNodes } of partitions) {
        byNumber[partitionIndex] = { leader: leaderId, replicas: replicaNodes };
      }
      described.set(name, { name, id: topicId, partitions: byNumber });
    }
    const brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    this.#known = [...brokers.values()];
    return { brokers, topics: described, error };
  }

  /** Returns the coordinator of a group. */
  async coordinatorOf(group: string): Promise<BrokerAddress> {
    const [found] = await this.admin.findCoordinator({ keyType: 0, keys: [group] });
    this.answered();
    if (found === undefined)
      throw new UndercurrentError("BROKER_UNREACHABLE", `group ${group}: no coordinator`);
    return { host: found.host, port: found.port };
  }
}

/** Reads "host:port". */
function addressOf(text: string): BrokerAddress {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** Returns whether a protocol error has one of these names. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  const found = protocolNames(error);
  return names.some((name) => found.has(name));
}
