/** What either client is given: records as its messages, and how to reach the brokers. */
import { describe, expect, test } from "vitest";
import type { KafkaOptions } from "../../../../src/adapters/kafka/options.js";
import { messagesOf as kafkajsMessages } from "../../../../src/adapters/kafka/producer/producer-kafkajs.js";
import {
  producerConnectionOf,
  messagesOf as platformaticMessages,
  refuseZstd,
} from "../../../../src/adapters/kafka/producer/producer-platformatic.js";
import type { OutputRecord } from "../../../../src/pipeline/ports.js";

const full: OutputRecord = {
  key: Buffer.from("k"),
  value: Buffer.from("v"),
  headers: [
    { name: "trace", value: Buffer.from("1") },
    { name: "trace", value: Buffer.from("2") },
    { name: "__proto__", value: Buffer.from("3") },
  ],
  timestamp: 0,
};
const bare: OutputRecord = { key: null, value: null, headers: [], timestamp: -1 };
const empty: OutputRecord = { ...bare, key: new Uint8Array(0), value: new Uint8Array(0) };

describe("a message has what its record has, and nothing else", () => {
  test("with kafkajs", () => {
    const [whole] = kafkajsMessages({ partition: 0, records: [full] });
    expect(whole).toMatchObject({ key: full.key, value: full.value, partition: 0, timestamp: "0" });
    expect(Object.entries(whole!.headers!)).toEqual([
      ["trace", [Buffer.from("1"), Buffer.from("2")]],
      ["__proto__", [Buffer.from("3")]],
    ]);
    expect([...kafkajsMessages({ partition: 2, records: [bare, empty] })]).toStrictEqual([
      { partition: 2, key: null, value: null },
      { partition: 2, key: Buffer.alloc(0), value: Buffer.alloc(0) },
    ]);
  });

  test("with kafkajs, where all are of one partition, they are grouped without a copy", () => {
    const messages = kafkajsMessages({ partition: 2, records: [full, bare, empty] });
    let asked = 0;
    const groups = messages.reduce<Record<number, unknown>>((sum, { partition }) => {
      asked++;
      return { ...sum, [partition!]: [] };
    }, {});
    expect(groups).toEqual({ 2: messages });
    expect(asked).toBe(1);
  });

  test("with platformatic", () => {
    const [whole] = platformaticMessages({ topic: "t", partition: 0, records: [full] });
    expect(whole).toMatchObject({
      topic: "t",
      key: full.key,
      value: full.value,
      partition: 0,
      timestamp: 0n,
    });
    expect([...(whole!.headers as Map<Buffer, Buffer>)]).toEqual(
      full.headers.map(({ name, value }) => [Buffer.from(name), value]),
    );
    expect(platformaticMessages({ topic: "t", partition: 2, records: [bare, empty] })).toStrictEqual([
      { topic: "t", partition: 2 },
      { topic: "t", partition: 2, key: Buffer.alloc(0), value: Buffer.alloc(0) },
    ]);
  });
});

const options: KafkaOptions = {
  bootstrapServers: ["a:1", "b:2"],
  applicationId: "pumps",
  topics: { input: "i", forecasts: "f", state: "s" },
};
const login = { username: "u", password: "p" };
/** What the client is given, a value or a function. */
const given = (value: unknown): unknown => (typeof value === "function" ? (value as () => unknown)() : value);

describe("platformatic", () => {
  test("comes to the brokers by a name of its own, and makes no topics", () => {
    expect(producerConnectionOf(options)).toStrictEqual({
      clientId: "undercurrent",
      bootstrapBrokers: ["a:1", "b:2"],
      timeout: 60_000,
      retries: expect.any(Number) as number,
      retryDelay: expect.any(Function) as () => number,
      autocreateTopics: false,
    });
    expect(
      producerConnectionOf({ ...options, clientId: "c", transactionTimeoutMs: 5, tls: false }),
    ).toMatchObject({
      clientId: "c",
      timeout: 5,
    });
  });

  test("tries again within milliseconds at first, and for some twenty seconds in all", () => {
    const { retries, retryDelay } = producerConnectionOf(options);
    if (typeof retries !== "number" || typeof retryDelay !== "function") throw new Error("no retries");
    const delay = retryDelay as unknown as (client: null, operation: string, attempt: number) => number;
    const delays = Array.from({ length: retries }, (_, i) => delay(null, "", i + 1));
    expect(delays.slice(0, 3)).toEqual([3, 6, 12]);
    expect(Math.max(...delays)).toBe(1000);
    expect(delays.reduce((sum, each) => sum + each)).toBeGreaterThan(15_000);
    expect(delays.reduce((sum, each) => sum + each)).toBeLessThan(25_000);
  });

  test.each([
    [undefined, undefined],
    [false, undefined],
    [true, {}],
    [{ ca: "authority" }, { ca: "authority" }],
  ])("speaks TLS as it is told: %j", (given, tls) => {
    expect(producerConnectionOf({ ...options, ...(given !== undefined && { tls: given }) }).tls).toEqual(tls);
  });

  test.each([
    ["plain", "PLAIN"],
    ["scram-sha-256", "SCRAM-SHA-256"],
    ["scram-sha-512", "SCRAM-SHA-512"],
  ] as const)("shows a password by %s", (mechanism, name) => {
    const { sasl } = producerConnectionOf({ ...options, sasl: { mechanism, ...login } });
    expect(sasl).toMatchObject({ mechanism: name });
    expect([sasl?.username, sasl?.password].map(given)).toEqual([login.username, login.password]);
  });

  test("asks for a password at each login", () => {
    let password = "first";
    const { sasl } = producerConnectionOf({
      ...options,
      sasl: {
        mechanism: "plain",
        username: "u",
        get password() {
          return password;
        },
      },
    });
    password = "second";
    expect(given(sasl?.password)).toBe("second");
  });

  test("shows a token and its extensions, and reads the brokers' answer to them", async () => {
    const oauthBearerProvider = () => Promise.resolve({ value: "token", extensions: { cluster: "c" } });
    const { sasl } = producerConnectionOf({
      ...options,
      sasl: { mechanism: "oauthbearer", oauthBearerProvider },
    });
    expect(sasl?.mechanism).toBe("OAUTHBEARER");
    expect(await given(sasl?.token)).toBe("token");
    expect(given(sasl?.oauthBearerExtensions)).toEqual({ cluster: "c" });
    const answers: unknown[] = [];
    const answer = (text: string) =>
      sasl?.authBytesValidator?.(Buffer.from(text), (error) => answers.push(error?.message));
    answer("");
    answer('{"status":"invalid_token"}');
    expect(answers).toEqual([undefined, expect.stringContaining("invalid_token")]);
  });

  test("refuses a mechanism that it is not told how to use", () => {
    const aws = { authorizationIdentity: "i", accessKeyId: "a", secretAccessKey: "s" };
    expect(() => producerConnectionOf({ ...options, sasl: { mechanism: "aws", ...aws } })).toThrow(
      expect.objectContaining({ code: "SETTING_INVALID" }),
    );
  });

  test("refuses zstd where Node does not have it, and no other compression", () => {
    const refused = expect.objectContaining({ code: "SETTING_INVALID" }) as Error;
    expect(() => refuseZstd({ compressionType: "zstd" }, {})).toThrow(refused);
    refuseZstd({ compressionType: "zstd" }, { zstdCompressSync: () => undefined });
    refuseZstd({ compressionType: "gzip" }, {});
    refuseZstd({}, {});
  });
});
