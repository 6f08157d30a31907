// A function of the user's reads the records of a topic, on a real broker.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { startCommand, startService } from "../../support/service.js";
import { committed, deployment } from "./deployment.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterEach(endChildren);
afterAll(() => rmSync(folder, { recursive: true }));

const time = Date.UTC(2026, 2, 1, 10, 0, 5);

describeWithBroker("decode.module", () => {
  test("reads records in run and explain, and what it throws is a dead letter with the reason", async () => {
    const { decode } = loadConfig("examples/topics/line-protocol.yaml", {}).settings;
    const settings = await deployment(1, { decode });
    const { input, forecasts, deadLetters } = settings.topics;
    const values = [
      `cpu,host=a idle=97.5,user=1i ${time}000000`,
      "cpu,host=a",
      `cpu,host=a idle=96 ${time}000000`,
    ];
    await broker.produce(
      input,
      0,
      values.map((value) => ({ key: null, value })),
    );
    const service = startService(settings, { args: ["--workers", "1"] });
    await committed(service, 0, 3);
    expect(await service.end()).toBe(0);
    const said = (await broker.readCommitted(forecasts, 3)).flat().map(({ value }) => {
      const { key, value: number } = JSON.parse(value!.toString()) as Record<string, unknown>;
      return [key, number];
    });
    expect(said).toEqual([
      ["cpu,host=a/idle", 97.5],
      ["cpu,host=a/user", 1],
      ["cpu,host=a/idle", 96],
    ]);
    const [dead] = (await broker.readCommitted(deadLetters, 1)).flat();
    expect(dead!.value).toEqual(Buffer.from(values[1]!));
    expect(String(dead!.headers!["undercurrent-reason"])).toBe(
      "decode.module: no fields in the line cpu,host=a",
    );
    const explain = startCommand(
      ["explain", "--partition", "0", "--offset", "2", "--key", "cpu,host=a/idle"],
      settings,
    );
    expect(await explain.ended).toBe(0);
    expect(explain.out.join("\n")).toContain("holds the same forecast, byte for byte");
  }, 120_000);

  test("reads OpenTelemetry's metrics by the example's function", async () => {
    const { decode } = loadConfig("examples/topics/opentelemetry.yaml", {}).settings;
    const settings = await deployment(1, { decode });
    const value = readFileSync("test/fixtures/otlp-metrics.json");
    await broker.produce(settings.topics.input, 0, [{ key: null, value }]);
    const service = startService(settings);
    await committed(service, 0, 1);
    expect(await service.end()).toBe(0);
    const said = (await broker.readCommitted(settings.topics.forecasts, 6))
      .flat()
      .map(({ value: forecast }) => {
        const { key, time: at, value: number } = JSON.parse(forecast!.toString()) as Record<string, unknown>;
        return [key, at, number];
      });
    const at = new Date(time).toISOString();
    expect(said).toEqual([
      ["shop/http.requests/code=200,route=~1cart", at, 310],
      ["shop/http.requests/route=~1", at, 42],
      ["shop/queue.length", at, 3.5],
      ["shop/http.duration/count", at, 12],
      ["shop/http.duration/sum", at, 340.5],
      ["stock/queue.length", at, 1],
    ]);
  }, 60_000);

  test.each([
    ["export const decode = 1;", "has no function as its default export"],
    ["export default (;", "cannot be loaded"],
  ])(
    "ends the start where the module is %s",
    async (text, message) => {
      const file = join(folder, `${text.length}.mjs`);
      writeFileSync(file, text);
      const settings = await deployment(1, { decode: { format: "module", module: file } });
      const service = startService(settings);
      expect(await service.ended).toBe(2);
      expect(service.err.join("\n")).toContain(message);
    },
    60_000,
  );
});
