/** Raw options of the Kafka clients: which are passed on, which are refused, and what exactly once keeps. */
import { fileURLToPath } from "node:url";
import type { ProducerOptions } from "@platformatic/kafka";
import type { AdminConfig, ConsumerConfig, KafkaConfig, ProducerConfig } from "kafkajs";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  clientOptionsSchema,
  refusedClientOptions,
  type KafkaClientOptions,
} from "../../../src/adapters/kafka/client-options.js";
import { kafkaReadOnlySource, kafkaPorts, type KafkaOptions } from "../../../src/adapters/kafka/index.js";
import {
  adminConfig,
  clientConfig,
  fetchConfig,
  memberConfig,
  transactionRetry,
} from "../../../src/adapters/kafka/kafkajs/client.js";
import {
  onlyKnownPartitions,
  producerConfig,
} from "../../../src/adapters/kafka/producer/producer-kafkajs.js";
import { producerConnectionOf } from "../../../src/adapters/kafka/producer/producer-platformatic.js";
import { kafkaOptions } from "../../../src/cli/shared/kafka-options.js";
import { withInput } from "../../../src/cli/shared/inputs.js";
import { loadConfig, parseConfig } from "../../../src/config/load.js";
import { redact } from "../../../src/config/redact.js";

const base: KafkaOptions = {
  bootstrapServers: ["b:1"],
  applicationId: "pumps",
  topics: { input: "i", forecasts: "f", state: "s" },
};

const messageOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toMatchObject({ code: "SETTING_INVALID" });
    return (error as Error).message;
  }
  return "";
};
const inCode = (clientOptions: object, options: Partial<KafkaOptions> = {}): string =>
  messageOf(() => kafkaPorts({ ...base, ...options, clientOptions }));
const inFile = (kafka: object): string =>
  messageOf(() => parseConfig(JSON.stringify({ kafka }), {})).replace(
    /^1 error in the configuration:\n {2}/,
    "",
  );

type Part = keyof KafkaClientOptions;
/** Names of a part that are passed on or refused by name. */
type Known<P extends Part> =
  keyof NonNullable<KafkaClientOptions[P]> | keyof (typeof refusedClientOptions)[P];
type KeysOf<T> = T extends unknown ? keyof T : never;

test("every option that the clients declare is passed on or refused by name", () => {
  expectTypeOf<Exclude<keyof KafkaConfig, Known<"client">>>().toBeNever();
  expectTypeOf<Exclude<keyof ConsumerConfig, Known<"consumer">>>().toBeNever();
  expectTypeOf<Exclude<keyof ProducerConfig, Known<"producer">>>().toBeNever();
  expectTypeOf<Exclude<keyof AdminConfig, Known<"admin">>>().toBeNever();
  type Platformatic = KeysOf<ProducerOptions<Buffer, Buffer, Buffer, Buffer>>;
  expectTypeOf<Exclude<Platformatic, Known<"platformaticProducer">>>().toBeNever();
});

const refusals = Object.entries(refusedClientOptions).flatMap(([part, names]) =>
  Object.keys(names).map((name): [string, string] => [part, name]),
);

describe("an option that is not passed on", () => {
  test.each(refusals)(
    "%s.%s is refused by name, in code and in a file, and its value is not repeated",
    (part, name) => {
      const secret = "hunter2-correct-horse";
      const [section, nested] = part.split(".") as [string, string?];
      const options = {
        [section]: nested === undefined ? { [name]: secret } : { [nested]: { [name]: secret } },
      };
      const clients = {
        ...(section === "platformaticProducer" && { producerClient: "platformatic" }),
        ...(section === "platformatic" && { client: "platformatic" }),
      };
      const path = `clientOptions.${part}.${name}`;
      expect(inCode(options)).toMatch(
        new RegExp(`^${path}: (has an option of its own: \\w+|would |is |stays )`),
      );
      expect(inFile({ ...clients, clientOptions: options })).toMatch(
        new RegExp(`^line 1: kafka\\.${path}: (has a setting of its own: [\\w.]+$|would |is |stays )`),
      );
      for (const text of [inCode(options), inFile({ ...clients, clientOptions: options })])
        expect(text).not.toContain(secret);
    },
  );

  test("names the setting to use instead", () => {
    expect(inCode({ client: { brokers: ["a:1"] } })).toBe(
      "clientOptions.client.brokers: has an option of its own: bootstrapServers",
    );
    expect(inFile({ clientOptions: { client: { sasl: { password: "p" } } } })).toBe(
      "line 1: kafka.clientOptions.client.sasl: has a setting of its own: kafka.sasl",
    );
    expect(inFile({ clientOptions: { consumer: { groupId: "g" } } })).toBe(
      "line 1: kafka.clientOptions.consumer.groupId: has a setting of its own: applicationId",
    );
  });

  test("is one that nobody knows, or a value that the client cannot take", () => {
    expect(inCode({ consumer: { rackID: "a" } })).toBe("clientOptions.consumer.rackID: unknown option");
    expect(inFile({ clientOptions: { consumer: { rackID: "a" } } })).toBe(
      "line 1: kafka.clientOptions.consumer.rackID: unknown setting; did you mean kafka.clientOptions.consumer.rackId?",
    );
    expect(inCode({ client: { connectionTimeout: "5 s" } })).toMatch(
      /^clientOptions\.client\.connectionTimeout: /,
    );
    for (const clientOptions of [[], 7, "text", { consumer: [] }, { consumer: 7 }]) {
      expect(inFile({ clientOptions })).toMatch(
        /^line 1: kafka\.clientOptions(\.consumer)?: expected section/,
      );
      expect(inCode(clientOptions as object)).toMatch(/^clientOptions(\.consumer)?: Invalid input/);
    }
    expect(inCode({ consumer: null })).toMatch(/^clientOptions\.consumer: Invalid input/);
    expect(inFile({ clientOptions: { consumer: null } })).toBe("");
    expect(inCode({ fetch: {} })).toBe("clientOptions.fetch: unknown option");
    expect(
      messageOf(() => kafkaReadOnlySource({ ...base, clientOptions: { fetch: {} } as object })),
    ).not.toBe("");
  });

  test("is one of a client that does not read", () => {
    for (const part of ["client", "consumer", "admin"]) {
      expect(inCode({ [part]: {} }, { client: "platformatic" })).toBe(
        `clientOptions.${part}: requires client: kafkajs`,
      );
    }
    expect(inFile({ clientOptions: { platformatic: {} } })).toBe(
      "line 1: kafka.clientOptions.platformatic: requires client: platformatic",
    );
    expect(
      inCode(
        { platformatic: { heartbeatInterval: 3000 } },
        { client: "platformatic", sessionTimeoutMs: 6000 },
      ),
    ).toBe(
      "clientOptions.platformatic.heartbeatInterval: must be at most a third of sessionTimeoutMs, which is 6000",
    );
  });

  test("is one of a producer that does not write, or a heartbeat that comes too late", () => {
    expect(inCode({ platformaticProducer: {} })).toBe(
      "clientOptions.platformaticProducer: requires producerClient: platformatic",
    );
    expect(
      inFile({ producerClient: "platformatic", clientOptions: { producer: { metadataMaxAge: 1000 } } }),
    ).toBe("line 1: kafka.clientOptions.producer: requires producerClient: kafkajs");
    expect(inCode({ consumer: { heartbeatInterval: 10_000 } })).toBe("");
    expect(inCode({ consumer: { heartbeatInterval: 3000 } }, { sessionTimeoutMs: 6000 })).toBe(
      "clientOptions.consumer.heartbeatInterval: must be at most a third of sessionTimeoutMs, which is 6000",
    );
  });
});

test("what a client cannot do is refused with the client that can", () => {
  const ports = (options: object): string => messageOf(() => kafkaPorts({ ...base, ...options }));
  for (const [settings, message] of [
    [{ groupProtocol: "consumer" }, "groupProtocol: consumer (KIP-848) requires client: platformatic"],
    [{ groupInstanceId: "pump-1" }, "groupInstanceId: requires client: platformatic"],
    [
      { client: "platformatic", producerClient: "kafkajs" },
      "producerClient: must be platformatic, or left out",
    ],
  ] as const) {
    expect(ports(settings)).toContain(message);
    expect(inFile(settings)).toContain(message);
  }
  for (const settings of [
    { client: "platformatic", groupProtocol: "consumer", groupInstanceId: "pump-1" },
    { client: "platformatic", producerClient: "platformatic" },
    { client: "kafkajs", producerClient: "platformatic" },
  ]) {
    expect(ports(settings)).toBe("");
    expect(inFile(settings)).toBe("");
  }
});

test("an option of the adapter that nobody knows is refused by name", () => {
  const ports = (options: object): string => messageOf(() => kafkaPorts({ ...base, ...options }));
  expect(ports({ maxBatchByte: 1 })).toBe("maxBatchByte: unknown option of the Kafka adapter");
  expect(ports({ topics: { ...base.topics, deadletters: "d" } })).toBe(
    "topics.deadletters: unknown option of the Kafka adapter",
  );
});

describe("an option that is passed on", () => {
  const file = fileURLToPath(new URL("../../../examples/client-options.yaml", import.meta.url));
  const config = loadConfig(file, { RACK: "rack-of-a-secret" });
  const options = kafkaOptions(withInput(config.settings, {}));

  test("reaches its client from the example's file, and `config` shows what came from the environment as written", () => {
    expect(clientConfig(options)).toMatchObject({ connectionTimeout: 5000, requestTimeout: 60_000 });
    expect(fetchConfig(options)).toMatchObject({
      rackId: "rack-of-a-secret",
      metadataMaxAge: 60_000,
      retry: { retries: 10 },
    });
    expect(adminConfig(options)).toEqual({ retry: { retries: 12 } });
    expect(producerConnectionOf(options)).toMatchObject({ connectTimeout: 10_000, requestTimeout: 60_000 });
    const shown = JSON.stringify(redact(config));
    expect(shown).toContain('"rackId":"${RACK:-eu-west-1a}"');
    expect(shown).not.toContain("rack-of-a-secret");
    expect(messageOf(() => kafkaPorts(options))).toBe("");
  });

  test("never takes the place of what the adapter decides, nor does undefined", () => {
    const everything = (part: Part): object =>
      Object.fromEntries(
        [
          ...Object.keys(refusedClientOptions[part]),
          ...Object.keys(clientOptionsSchema.shape[part].unwrap().shape),
        ].map((name) => [name, undefined]),
      );
    const parts: Part[] = ["client", "consumer", "producer", "admin", "platformaticProducer"];
    const emptied = {
      ...base,
      clientOptions: Object.fromEntries(parts.map((part) => [part, everything(part)])),
    } as KafkaOptions;
    expect(clientConfig(emptied)).toStrictEqual(clientConfig(base));
    expect(fetchConfig(emptied)).toStrictEqual(fetchConfig(base));
    expect(memberConfig(emptied)).toStrictEqual(memberConfig(base));
    expect(adminConfig(emptied)).toStrictEqual(adminConfig(base));
    expect(producerConfig(emptied, 0)).toStrictEqual(producerConfig(base, 0));
    // Functions are equal to themselves alone.
    const { retryDelay: _, ...expected } = producerConnectionOf(base);
    expect(producerConnectionOf(emptied)).toMatchObject(expected);
    expect(
      producerConfig({ ...base, clientOptions: { producer: { metadataMaxAge: 500 } } }, 3),
    ).toStrictEqual({
      metadataMaxAge: 500,
      transactionalId: "pumps-i-3",
      transactionTimeout: 60_000,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: onlyKnownPartitions,
      retry: transactionRetry,
    });
  });

  test("of the group's heartbeat is not told to a reader outside the group", () => {
    const clientOptions = { consumer: { heartbeatInterval: 5000 } };
    expect(memberConfig({ ...base, clientOptions }).heartbeatInterval).toBe(5000);
    expect(fetchConfig({ ...base, clientOptions })).not.toHaveProperty("heartbeatInterval");
  });
});
