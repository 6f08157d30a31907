import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { endChildren } from "../../support/child.js";
import { startService, type Settings } from "../../support/service.js";

afterEach(endChildren);

/** Nothing listens there: the client tries for some twenty seconds. */
const unreachable: Settings = { kafka: { bootstrapServers: ["127.0.0.1:1"] } };

describe("run", () => {
  test("ends with code 2, and the settings that are wrong, each with its line", async () => {
    const service = startService("aplication: pumps\nlate: never\nmodel:\n  hidden: 30\n");
    expect(await service.ended).toBe(2);
    expect(service.out).toEqual([]);
    expect(service.err.join("\n")).toMatch(
      /^error SETTING_INVALID: 3 errors in .*\n {2}line 1: aplication: .*applicationId\?\n {2}line 2: late: .*\n {2}line 4: model\.hidden: /,
    );
  });

  test("ends with code 2 where a certificate cannot be read", async () => {
    const service = startService({ kafka: { tls: { enabled: true, ca: "/nowhere/ca.pem" } } });
    expect(await service.ended).toBe(2);
    expect(service.err[0]).toMatch(/^error SETTING_INVALID: kafka\.tls\.ca: /);
  });

  test("ends before it joins where the model's state would fit no batch, and starts where a batch may be larger", async () => {
    const model = { hidden: 128 };
    const service = startService({ ...unreachable, model });
    await service.ended;
    expect(service.err[0]).toMatch(/^error RECORD_TOO_LARGE: .*maxBatchBytes is 900000$/);
    const larger = startService({ kafka: { ...unreachable.kafka, maxBatchBytes: 4_000_000 }, model });
    await larger.line(/"event":"starting"/);
    await larger.end("SIGKILL");
  });

  test("ends a dry run after --timeout where no broker answers, and a service has no such option", async () => {
    const dry = startService(unreachable, { args: ["--dry-run", "--timeout", "3"] });
    expect(await dry.ended).toBe(6);
    expect(dry.err.join("\n")).toMatch(/"event":"waiting".*127\.0\.0\.1:1/);
    expect(dry.err.join("\n")).toMatch(/error BROKER_UNREACHABLE: .*gave up after 3 s/);
    const service = startService(unreachable, { args: ["--timeout", "3"] });
    expect(await service.ended).toBe(2);
    expect(service.err[0]).toBe("error SETTING_INVALID: --timeout needs --dry-run");
  });

  test("ends with code 4, before it joins its group, where the address of its page is taken", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port));
    });
    const service = startService({ ...unreachable, server: { enabled: true, port } });
    expect(await service.ended).toBe(4);
    expect(service.err.at(-3)).toMatch(/^error ADDRESS_IN_USE: /);
    await new Promise((resolve) => other.close(resolve));
  });

  test.each([
    ["on the loopback", {}, 200],
    ["on the loopback, where it is not wanted", { pageEnabled: false }, 404],
    ["on every address", { host: "0.0.0.0" }, 404],
    ["on every address, where it is wanted", { host: "0.0.0.0", pageEnabled: true }, 200],
    ["on every address, with two workers", { host: "0.0.0.0" }, 404, ["--workers", "2"]],
  ])("serves health and metrics %s, and its page by leave", async (_, server, page, args: string[] = []) => {
    const service = startService({ ...unreachable, server: { enabled: true, port: 0, ...server } }, { args });
    const line = await service.line(/"event":"serving"/);
    const url = (JSON.parse(line) as { url: string }).url.replace("0.0.0.0", "127.0.0.1");
    const statusOf = async (path: string): Promise<number> => (await fetch(url + path)).status;
    expect(line).toContain(`"page":${page === 200}`);
    expect(await statusOf("live")).toBe(200);
    expect(await statusOf("ready")).toBe(503);
    expect(await statusOf("metrics")).toBe(200);
    for (const path of ["", "assets/page.js"]) expect(await statusOf(path), path).toBe(page);
    if (page === 404) expect(await statusOf("events")).toBe(404);
    await service.end("SIGKILL");
  });

  test("ends with code 6 and one error where no broker answers", async () => {
    const service = startService(unreachable);
    expect(await service.ended).toBe(6);
    const errors = service.err.filter((line) => !line.startsWith("{"));
    expect(errors).toHaveLength(3);
    expect(errors[0]).toMatch(/^error BROKER_UNREACHABLE: .*127\.0\.0\.1:1$/);
    expect(service.err.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  }, 120_000);

  test("ends at once at the second signal", async () => {
    const service = startService(unreachable);
    await service.line(/"event":"kafka"/);
    void service.end("SIGTERM");
    await service.line(/"event":"stopping"/);
    expect(await service.end("SIGINT")).toBe(130);
    expect(service.err.some((line) => line.includes('"event":"stopped"'))).toBe(false);
  });

  test("tells no secret, whatever it logs", async () => {
    const secret = "correct-horse-battery";
    const settings = {
      kafka: {
        ...unreachable.kafka,
        sasl: { mechanism: "PLAIN", username: "pumps", password: "${PASSWORD}" },
        tls: { enabled: true, passphrase: secret },
      },
      log: { level: "debug" },
    } as const;
    const service = startService(settings, { environment: { PASSWORD: secret } });
    await service.line(/"event":"kafka"/);
    const starting = JSON.parse(await service.line(/"event":"starting"/)) as { config: Settings };
    expect(starting.config.kafka?.sasl?.password).toBe("${PASSWORD}");
    expect(starting.config.kafka?.tls?.passphrase).toBe("[redacted]");
    await service.end("SIGKILL");
    expect(service.err.join("\n")).not.toContain(secret);
  });
});
