import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { pathText, settings as everySetting } from "../../src/config/json-schema.js";
import { loadConfig, parseConfig } from "../../src/config/load.js";
import { redact } from "../../src/config/redact.js";
import { configSchema, type Config } from "../../src/config/schema.js";
import { UndercurrentError } from "../../src/errors/errors.js";

const defaults = configSchema.parse({});
const parse = (text: string, environment: Record<string, string> = {}): Config =>
  parseConfig(text, environment).settings;

/** What is said of a name at the top that no known one is near to. */
const unknown = `unknown setting; known here: ${Object.keys(configSchema.shape).join(", ")}`;

/** The lines of the error: what is wrong, without the head that counts them. */
function issues(text: string, environment: Record<string, string> = {}): string[] {
  try {
    parse(text, environment);
  } catch (error) {
    if (!(error instanceof UndercurrentError)) throw error;
    expect(error.code).toBe("SETTING_INVALID");
    const [head, ...lines] = error.message.split("\n  ");
    expect(head).toBe(`${lines.length} error${lines.length === 1 ? "" : "s"} in the configuration:`);
    return lines;
  }
  return [];
}

describe("a path in a JSON document", () => {
  test("is text or {path: [...]}; a list says what it may have meant and what to write", () => {
    expect(parse("decode: {value: {path: [a.b, c]}}").decode.value).toEqual({ path: ["a.b", "c"] });
    expect(parse("decode: {key: [site, tag]}").decode.key).toEqual(["site", "tag"]);
    expect(parse("decode: {time: [day, hour]}").decode.time).toEqual(["day", "hour"]);
    const [value, feature] = issues("decode:\n  value: [temp, hum]\n  features: [[a, b]]");
    expect(value).toBe(
      "line 2: decode.value: a list is not a path: a record has one value here. To forecast several, name them in " +
        "decode.series. For a field with several names write {firstOf: [new, old]}, for a nested value outer.inner, or {path: [outer, inner]} if a name contains a dot",
    );
    expect(feature).toMatch(
      /^line 3: decode\.features\[0\]: a list is not a path: list each feature as one item/,
    );
    expect(issues("decode: {value: {paths: [a]}}")).toEqual([
      "line 1: decode.value: expected text, or {path: list of texts}, or {firstOf: list of paths}",
    ]);
  });
});

describe("the default configuration", () => {
  const file = fileURLToPath(new URL("../../config/default.yaml", import.meta.url));

  test("is what an empty file means, and no file at all", () => {
    expect(parse("")).toEqual(defaults);
    expect(parse("# nothing\n")).toEqual(defaults);
    expect(loadConfig(undefined, {}).settings).toEqual(defaults);
  });

  test("in writing is exactly what the schema has, and names every setting", () => {
    expect(loadConfig(file, {}).settings).toEqual(defaults);
    const text = readFileSync(file, "utf8");
    for (const [path] of everySetting()) {
      expect(text, pathText(path)).toMatch(new RegExp(`^[# ]*${path.at(-1)!}:`, "m"));
    }
  });

  test("in writing, its JSON Schema and its reference are those of the schema", () => {
    const script = ["--import", "tsx", "scripts/generate-config.mjs", "--check"];
    const { status, stderr } = spawnSync(process.execPath, script, {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
  });

  test("stays the default of a section that has nothing but comments", () => {
    expect(parse("kafka:\n  # bootstrapServers: [a:1]\nmodel:\n")).toEqual(defaults);
    expect(issues("kafka:\n  sasl:\n")).not.toEqual([]);
  });

  test("gives way, setting by setting, to what a file says", () => {
    const { model, ...others } = parse("model: { hidden: 64 }");
    expect(model).toEqual({ ...defaults.model, hidden: 64 });
    expect(others).toEqual({ ...defaults, model: undefined, ...others });
  });
});

describe("what is wrong", () => {
  test("is reported all at once, in the order of the lines", () => {
    expect(
      issues("late: never\nkafka:\n  bootstrapServers: []\n  fetchMaxWaitMs: 0\nmodel:\n  hidden: 30\n"),
    ).toEqual([
      "line 1: late: expected process | drop | dead-letter",
      "line 3: kafka.bootstrapServers: expected list of texts (at least 1)",
      "line 4: kafka.fetchMaxWaitMs: expected whole number from 1 to 5000",
      "line 6: model.hidden: expected whole number from 4 to 256, a multiple of 4",
    ]);
  });

  test.each([
    [
      '{ days: [sat, sunn], from: "22:00", to: "06:00" }',
      '.days[1]: expected a day of the week: sun, mon, tue, wed, thu, fri, sat; found "sunn"',
    ],
    ['{ days: [sat], from: "25:00", to: "06:00" }', ".from: expected a time of day from 00:00 to 23:59"],
    [
      '{ from: "2026-01-41", to: "2026-05-05" }',
      ".from: expected an ISO 8601 time, such as 2026-05-01T22:00Z",
    ],
    ['{ from: "2026-05-06", to: "2026-05-05" }', ": expected from before to"],
    ['{ days: sat, from: "22:00", to: "06:00" }', ".days: expected a list"],
    ['{ from: "22:00" }', ".to: missing; expected a text"],
    ['{ day: [sat], from: "22:00", to: "06:00" }', ".day: unknown setting"],
  ])("in a quiet time %s is told of the form that was meant", (given, told) => {
    expect(issues(`model: { detection: { quiet: [${given}] } }`)).toEqual([
      `line 1: model.detection.quiet[0]${told}`,
    ]);
  });

  test.each([
    ["{ key: { header: 5 } }", "key.header: expected a text"],
    ["{ key: { recrod: key } }", "key: expected a part, or a list of 1 to 16 parts"],
  ])("in decode: %s is told of the form that has its names", (given, told) => {
    expect(issues(`decode: ${given}`)).toEqual([`line 1: decode.${told}`]);
  });

  test.each([
    ["aplication: a", "line 1: aplication: unknown setting; did you mean applicationId?"],
    [
      "topics:\n  dead_letters: a",
      "line 2: topics.dead_letters: unknown setting; did you mean topics.deadLetters?",
    ],
    [
      "bootstrapservers: [a:1]",
      "line 1: bootstrapservers: unknown setting; did you mean kafka.bootstrapServers?",
    ],
    [
      "model: { leanringRate: 1 }",
      "line 1: model.leanringRate: unknown setting; did you mean model.learningRate?",
    ],
    ["modle: { cell: gru }", "line 1: modle: unknown setting; did you mean model?"],
    ["detection: { level: 0.9 }", "line 1: detection: unknown setting; did you mean model.detection?"],
    [
      "candidate: { model: { hidde: 8 } }",
      "line 1: candidate.model.hidde: unknown setting; did you mean candidate.model.hidden?",
    ],
  ])("has the nearest known name: %j", (text, issue) => {
    expect(issues(text)).toEqual([issue]);
  });

  test.each([
    ["zookeeper: a", `line 1: zookeeper: ${unknown}`],
    ["__proto__: { a: 1 }", `line 1: __proto__: ${unknown}`],
    ["commit: { often: 1 }", "line 1: commit.often: unknown setting; known here: maxEvents"],
  ])("has the known names where none is near: %j", (text, issue) => {
    expect(issues(text)).toEqual([issue]);
  });

  test("of a candidate's model is described as in model", () => {
    expect(issues("candidate: { model: { cell: foo } }")).toEqual([
      "line 1: candidate.model.cell: expected rnn | gru | lstm | window | conv | attention",
    ]);
  });

  test.each([
    [
      "topics: { input: a, forecasts: a }",
      "line 1: topics: two topics have the same name; give each topic a name of its own",
    ],
    ["kafka: { tls: { ca: a } }", "line 1: kafka.tls: TLS settings are given, but enabled is false"],
    ["kafka: { tls: { enabled: true, key: a } }", "line 1: kafka.tls: cert and key need each other"],
    [
      "kafka: { bootstrapServers: [localhost] }",
      "line 1: kafka.bootstrapServers[0]: An address is host:port",
    ],
    ["model: { bounds: { min: 1, max: 0 } }", "line 1: model.bounds: expected min below max"],
    [
      "model: { kind: count, bounds: { max: 0 } }",
      "line 1: model: bounds.max: expected a number above 0 with kind count, found 0",
    ],
    ["model: { kind: percent }", "line 1: model.kind: expected level | count | rate"],
    ["model: { timeZone: Mars/Base }", "line 1: model.timeZone: this is no IANA time zone"],
    ["model: { stride: 5 }", "line 1: model: bpttSteps: expected a multiple of stride (5), found 16"],
    [
      "kafka: { sasl: { mechanism: PLAIN, username: a } }",
      "line 1: kafka.sasl.password: one of password and passwordFile is needed",
    ],
    [
      "kafka: { sasl: { mechanism: PLAIN, username: a, password: b, oauth: { tokenFile: c } } }",
      "line 1: kafka.sasl.oauth: mechanism PLAIN does not take it",
    ],
    [
      "kafka: { sasl: { mechanism: OAUTHBEARER } }",
      "line 1: kafka.sasl.oauth: missing; mechanism OAUTHBEARER needs it",
    ],
    [
      "kafka: { sasl: { mechanism: OAUTHBEARER, oauth: { tokenEndpointUrl: 'https://a/b', clientId: c } } }",
      "line 1: kafka.sasl.oauth: one of clientSecret and clientSecretFile is needed",
    ],
    [
      "kafka: { sasl: { mechanism: OAUTHBEARER, oauth: { tokenEndpointUrl: 'ftp://a', clientId: c, clientSecret: d } } }",
      "line 1: kafka.sasl.oauth.tokenEndpointUrl: expected a URL that begins with https:// or http://",
    ],
    [
      "kafka: { sasl: { mechanism: OAUTHBEARER, oauth: { tokenFile: a, clientId: c } } }",
      "line 1: kafka.sasl.oauth: tokenFile replaces the token endpoint",
    ],
    [
      "kafka: { sasl: { mechanism: AWS_MSK_IAM, aws: { region: a, profile: b, roleArn: c } } }",
      "line 1: kafka.sasl.aws: profile and roleArn exclude each other",
    ],
    [
      "kafka: { tls: { enabled: true, pfx: a, cert: b, key: c } }",
      "line 1: kafka.tls: pfx replaces cert and key",
    ],
    [
      "decode: { format: number, key: id }",
      "line 1: decode: paths of key, time, each, series, skip, only and features require a format with fields, such as json; key may be {const}, {header} or {record: key}, time {header} or {window}",
    ],
    ["encode: { incidents: { format: json } }", "line 1: encode.incidents: requires topics.incidents"],
    [
      "topics: { input: [a, b], forecasts: '{input}-f', incidents: '{input}-i', state: '{input}-s' }\nencode: { format: avro, subject: f }",
      "line 2: encode.incidents.subject: with several input topics a subject is needed, because they share one schema",
    ],
    ["- a", "expected section"],
    [
      "applicationId: &a x\ntopics: *b",
      "An alias has no anchor before it, or aliases or nesting exceed the limits",
    ],
    [
      "topics: &a { input: x }\nserver: { <<: *a }",
      "line 2: server.<<: unknown setting; known here: enabled, pageEnabled, host, port, token, maxBrokerSilenceMs, series",
    ],
    ["applicationId: !!js/function x", "line 1: Tags are not supported"],
    ["applicationId: a\n---\napplicationId: b", "line 2: Only one document is allowed"],
    ["late: drop\nlate: process", "line 2: Map keys must be unique"],
  ])("is said of settings that do not fit, and of YAML that is more than data: %j", (text, issue) => {
    expect(issues(text)).toEqual([issue]);
  });

  test("is not said of an alias that stands for a value", () => {
    const { kafka, applicationId } = parse("applicationId: &name pumps\nkafka: { clientId: *name }");
    expect([applicationId, kafka.clientId]).toEqual(["pumps", "pumps"]);
  });

  test("is found in a file that is not there, is no regular file, or is not UTF-8", () => {
    const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
    const pipe = join(folder, "pipe.yaml");
    execFileSync("mkfifo", [pipe]);
    const latin = join(folder, "latin.yaml");
    writeFileSync(latin, Buffer.from("application: caf\xe9\n", "latin1"));
    const reasons: readonly (readonly [string, string])[] = [
      ["/nowhere/config.yaml", "ENOENT"],
      [folder, "it is a folder"],
      [pipe, "it is not a regular file"],
      ["/dev/zero", "it is not a regular file"],
      [latin, "it is not UTF-8 text"],
    ];
    for (const [path, message] of reasons) {
      expect(() => loadConfig(path, {}), path).toThrow(
        expect.objectContaining({
          code: "CONFIG_UNREADABLE",
          data: "Nothing was read or written.",
          message: expect.stringContaining(message) as string,
        }) as Error,
      );
    }
    rmSync(folder, { recursive: true });
  });
});

describe("the environment", () => {
  test("becomes part of a value, with a default where it is unset or empty", () => {
    const text = "applicationId: ${A}-${B:-b}-${C:-}x${D:-d}";
    expect(parse(text, { A: "a", D: "" }).applicationId).toBe("a-b-xd");
  });

  test("becomes a number or a truth value where the setting is one", () => {
    const { model, server } = parse("model: { hidden: '${H}' }\nserver: { enabled: '${E:-true}' }", {
      H: "64",
    });
    expect([model.hidden, server.enabled]).toEqual([64, true]);
    expect(issues("model: { hidden: '${H}' }", { H: "0x40" })).toHaveLength(1);
  });

  test("is one text whatever it holds, and is not looked into again", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ minLength: 1, unit: "binary" }),
          fc.constantFrom("${B}", "a: b\nc: [", "'\"", "$$"),
        ),
        (text) => {
          const { settings } = parseConfig("kafka: { clientId: '${A}' }", { A: text, B: "wrong" });
          expect(settings).toEqual({ ...defaults, kafka: { ...defaults.kafka, clientId: text } });
        },
      ),
    );
  });

  test("is told from a plain brace by a second dollar", () => {
    expect(parse("kafka: { clientId: 'a$${B}c$$d' }", { B: "b" }).kafka.clientId).toBe("a${B}c$$d");
  });

  test("makes no setting's name", () => {
    expect(issues("'${A}': a", { A: "application" })).toEqual([`line 1: \${A}: ${unknown}`]);
  });

  test("is missed once, by the names of the variable and the setting", () => {
    expect(issues("late: drop\nkafka: { bootstrapServers: ['${BROKERS}'] }")).toEqual([
      "line 2: kafka.bootstrapServers[0]: the environment variable BROKERS is not set",
    ]);
    expect(issues("applicationId: ${not a name}")).toHaveLength(1);
    // Not an own property of the environment.
    expect(issues("applicationId: ${constructor}")).toHaveLength(1);
  });
});

describe("secrets", () => {
  const secret = "hunter2-correct-horse";
  const shown = (text: string, environment: Record<string, string> = {}): string =>
    JSON.stringify(redact(parseConfig(text, environment)));

  test("are not shown, and values from the environment are shown as they were written", () => {
    const text = stringify({
      kafka: {
        bootstrapServers: ["${BROKERS}"],
        sasl: { mechanism: "PLAIN", username: "${USER_NAME}", password: secret },
        tls: {
          enabled: true,
          cert: "a.pem",
          key: `-----BEGIN PRIVATE KEY-----\n${secret}`,
          passphrase: "${P}",
        },
      },
    });
    const environment = { BROKERS: "secret-host:1", USER_NAME: secret, P: secret };
    expect(JSON.parse(shown(text, environment))).toMatchObject({
      applicationId: "undercurrent",
      kafka: {
        bootstrapServers: ["${BROKERS}"],
        sasl: { mechanism: "PLAIN", username: "${USER_NAME}", password: "[redacted]" },
        tls: { cert: "a.pem", key: "[redacted]", passphrase: "${P}" },
      },
    });
    expect(shown(text, environment)).not.toContain("secret-host");
    expect(shown(text, environment)).not.toContain(secret);
    const registry = stringify({ schemaRegistry: { url: `https://user:${secret}@registry:8081/ccompat` } });
    expect(JSON.parse(shown(registry))).toMatchObject({
      schemaRegistry: { url: "https://[redacted]@registry:8081/ccompat" },
    });
    const oauth = { tokenEndpointUrl: "https://id.example/token", clientId: "c", clientSecret: secret };
    const tokens = stringify({ kafka: { sasl: { mechanism: "OAUTHBEARER", oauth } } });
    expect(JSON.parse(shown(tokens))).toMatchObject({
      kafka: { sasl: { oauth: { ...oauth, clientSecret: "[redacted]" } } },
    });
  });

  test.each([
    `kafka: { sasl: { mechanism: ${secret}, username: a, password: a } }`,
    `kafka: { sasl: { passwort: ${secret} } }`,
    `kafka: { sasl: { mechanism: OAUTHBEARER, oauth: { clientSecret: [${secret}] } } }`,
    `kafka: { sasl: { mechanism: OAUTHBEARER, oauth: { clientSecret: ${secret}, clientSecretFile: ${secret} } } }`,
    `kafka: { sasl: [${secret}] }`,
    `kafka: { sasl: ${secret} }`,
    `kafka: { sasl: { mechanism: PLAIN, username: a, password: [${secret}] } }`,
    `kafka: { bootstrapServers: [${secret}] }`,
    `kafka: ${secret}`,
    `kafka: { maxPartitionFetchBytes: "${secret}" }`,
    `topics: { input: "${secret} ${secret}" }`,
    `kafka: { sasl: { password: "${secret} } }`,
    `kafka: { sasl: { password: *${secret} } }`,
    `kafka: { sasl: { password: !${secret} x } }`,
    `kafka: { sasl: { password: "\\${secret}" } }`,
    `kafka:\n  sasl:\n    password: ${secret}: a\n   b`,
    `%${secret}\n---\na: b`,
    `kafka: { sasl: { password: '\${${secret}' } }`,
  ])("are in no error: %j", (text) => {
    const lines = issues(text);
    expect(lines).not.toEqual([]);
    expect(lines.join("\n")).not.toContain(secret);
  });

  test("are in no error where they come from the environment", () => {
    const names = [
      "applicationId",
      "late",
      "kafka.bootstrapServers",
      "kafka.maxPartitionFetchBytes",
      "topics.input",
      "model.hidden",
    ];
    for (const name of names) {
      const [section, setting] = name.split(".");
      const text = stringify(
        setting === undefined ? { [section!]: "${S} " } : { [section!]: { [setting]: "${S} " } },
      );
      const lines = issues(text, { S: secret });
      expect(lines, name).toHaveLength(1);
      expect(lines[0]).not.toContain(secret);
    }
  });
});
