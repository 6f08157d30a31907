// Every secret that a service is given, looked for in everything that comes out of it.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { javaAnswers } from "../../support/broker-java.js";
import { grant, startSecureBroker, type SecureBroker } from "../../support/broker-secure.js";
import { endChildren, type Child } from "../../support/child.js";
import { logged, startCommand, startService, type Settings } from "../../support/service.js";
import { testedClient } from "../../support/tested-client.js";
import { openEvents } from "../../adapters/web/http.js";
import { application, needed, topics } from "./rights.js";

const username = "forecaster";
const secrets = {
  PASSWORD: "password-correct-horse",
  TOKEN: "token-battery-staple",
  PASSPHRASE: "passphrase-open-sesame",
};

/** A secret, the key's own lines among them, in whatever form a careless line might have it. */
function formsOf(key: string): readonly string[] {
  const keyLines = key.split("\n").filter((line) => line.length > 20 && !line.startsWith("---"));
  const all = [...Object.values(secrets), `\0${username}\0${secrets.PASSWORD}`, ...keyLines];
  return all.flatMap((secret) => {
    const bytes = Buffer.from(secret);
    return [secret, bytes.toString("base64").replace(/=+$/, ""), bytes.toString("hex"), bytes.join(",")];
  });
}

const ready = await javaAnswers();
if (!ready) console.warn("SKIPPED: tests of what tells a secret. Install Java 17 with Maven.");
let broker: SecureBroker;
let stop = (): Promise<void> => Promise.resolve();
let kafka: NonNullable<Settings["kafka"]>;
let key = "";

beforeAll(async () => {
  if (!ready) return;
  broker = await startSecureBroker({ [username]: secrets.PASSWORD });
  stop = () => broker.stop();
  await broker.open.createTopics({
    [topics.input]: {},
    [topics.forecasts]: {},
    [topics.deadLetters]: {},
    [topics.state]: { settings: { "cleanup.policy": "compact" } },
  });
  await broker.open.admin((admin) => grant(admin, username, needed));
  const identity = await broker.authority.issue(username, { passphrase: secrets.PASSPHRASE });
  ({ key } = identity);
  kafka = {
    ...testedClient,
    bootstrapServers: [broker.saslTls.address],
    fetchMaxWaitMs: 50,
    sasl: { mechanism: "PLAIN", username, password: secrets.PASSWORD },
    tls: { enabled: true, ca: broker.authority.cert, ...identity, passphrase: secrets.PASSPHRASE },
  };
});
afterEach(endChildren);
afterAll(() => stop());

const own = { applicationId: application, topics, log: { level: "debug" } } as const;
const server = { enabled: true, port: 0, token: secrets.TOKEN } as const;

/** The same settings with every secret from the environment. */
const referring = (): Settings => ({
  ...own,
  server: { ...server, token: "${TOKEN}" },
  kafka: {
    ...kafka,
    sasl: { mechanism: "PLAIN", username, password: "${PASSWORD}" },
    tls: { ...kafka.tls!, key: "${KEY}", passphrase: "${PASSPHRASE}" },
  },
});

function expectNoSecret(text: string, where: string): void {
  for (const form of formsOf(key)) expect(text.includes(form), `${form} in ${where}`).toBe(false);
}

const printed = (child: Child): string => [...child.out, ...child.err].join("\n");

/** What anybody on the machine can see of a process. */
function seenOutside({ pid }: Child): string {
  // The arguments last: ps cuts every column but that one.
  const columns = ["-o", "comm=", "-o", "args="];
  const listed = execFileSync("ps", ["-ww", ...columns, "-p", String(pid)], { encoding: "utf8" });
  expect(listed).toContain("cli.js");
  const ofProcess = ["cmdline", "comm", "status"]
    .map((name) => `/proc/${pid}/${name}`)
    .filter((path) => existsSync(path));
  return [listed, ...ofProcess.map((path) => readFileSync(path, "utf8"))].join("\n");
}

describe.skipIf(!ready)("no secret is in", () => {
  test.each(["of the file", "of the environment"])(
    "what a running service tells in its log, its pages, its topics and as a process: %s",
    async (where) => {
      await broker.open.produce(topics.input, 0, [
        { key: "a", value: '{"value":1}' },
        { key: "a", value: "no JSON" },
      ]);
      const fromFile = where === "of the file";
      const settings = fromFile ? { ...own, server, kafka } : referring();
      // The client may be told by the environment to log all that it can.
      const environment = { KAFKAJS_LOG_LEVEL: "debug", ...(!fromFile && { ...secrets, KEY: key }) };
      const service = startService(settings, { environment });
      await service.line(/"event":"committed"/);
      const [{ url }] = logged(service, "serving") as [{ url: string }];

      const bearer = { authorization: `Bearer ${secrets.TOKEN}` };
      const answers = ["", "metrics", "assets/page.js", "live", "ready", "nothing"].flatMap((path) =>
        [bearer, { authorization: "Bearer token-of-somebody" }, undefined].map(async (headers) => {
          const answer = await fetch(url + path, headers && { headers });
          return `${JSON.stringify([...answer.headers])}\n${await answer.text()}`;
        }),
      );
      expectNoSecret((await Promise.all(answers)).join("\n"), "what is served");
      const events = await openEvents(`${url}events`, bearer);
      expectNoSecret(JSON.stringify(await events.next()), "the page's events");
      events.close();
      expectNoSecret(seenOutside(service), "the process");

      expect(await service.end()).toBe(0);
      expectNoSecret(printed(service), "the log");
      for (const topic of [topics.forecasts, topics.deadLetters, topics.state]) {
        const records = (await broker.open.readCommitted(topic, 1)).flat();
        for (const { key, value, headers } of records) {
          expectNoSecret([key, value, JSON.stringify(headers)].map(String).join(" "), topic);
        }
      }
    },
  );

  test("the configuration that is printed", async () => {
    for (const [settings, environment] of [
      [{ ...own, server, kafka }, {}],
      [referring(), { ...secrets, KEY: key }],
    ] as const) {
      const config = startCommand(["config"], settings, environment);
      expect(await config.ended).toBe(0);
      expect(config.out.join("\n")).toContain("passphrase:");
      expectNoSecret(printed(config), "config");
    }
  });

  /** Each ends with an error that has to do with a secret, or comes while one is held. */
  const broken: Record<string, () => Settings | string> = {
    "whose password the broker refuses": () => ({
      ...own,
      kafka: {
        ...kafka,
        sasl: { mechanism: "SCRAM-SHA-512", username: "nobody", password: secrets.PASSWORD },
      },
    }),
    "whose passphrase does not open the key": () => ({
      ...own,
      kafka: { ...kafka, tls: { ...kafka.tls!, passphrase: secrets.TOKEN } },
    }),
    "whose token is no token": () => ({ ...own, server: { ...server, token: `${secrets.TOKEN} and more` } }),
    "that may not be called so": () =>
      ({ ...own, kafka: { ...kafka, password: secrets.PASSWORD } }) as Settings,
    "whose key is no text": () =>
      ({ ...own, kafka: { tls: { key: [secrets.PASSPHRASE] } } }) as unknown as Settings,
    "that is no YAML": () => `kafka: { sasl: { password: "${secrets.PASSWORD} } }`,
    "whose password has come to the wrong place": () => ({
      ...own,
      topics: { input: secrets.PASSWORD + "!" },
    }),
  };
  test.each(Object.keys(broken))("the error of a configuration %s", async (what) => {
    const service = startService(broken[what]!());
    expect(await service.ended).toBeGreaterThan(1);
    expect(service.err.join("\n")).toMatch(/^error [A-Z_]+: /m);
    expectNoSecret(printed(service), "the error");
  });
});
