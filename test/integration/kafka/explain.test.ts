// The command explain beside a service, on a real broker.
import { afterEach, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { startCommand, startService } from "../../support/service.js";
import { committed, deployment, produce } from "./deployment.js";

afterEach(endChildren);

describeWithBroker("explain", () => {
  test("derives a forecast of a running service again, from a snapshot or from the beginning, and finds it in its topic", async () => {
    const settings = await deployment(2, { snapshot: { everyEvents: 100 }, commit: { maxEvents: 20 } });
    await produce(settings, 1, 250);
    const service = startService(settings);
    await committed(service, 1, 250);

    const explain = async (...args: string[]): Promise<Record<string, unknown>> => {
      const command = startCommand(["explain", "--partition", "1", "--json", ...args], settings);
      expect(await command.ended, command.err.join("\n")).toBe(0);
      return JSON.parse(command.out.join("\n")) as Record<string, unknown>;
    };
    const late = await explain("--offset", "240");
    expect(late).toMatchObject({ written: "same", snapshot: true, key: "key-0", value: 240 });
    expect(late["replayed"]).toBeLessThan(150);
    const [, forecasts] = await broker.readCommitted(settings.topics.forecasts, 250);
    expect(late["message"]).toEqual(JSON.parse(forecasts![240]!.value!.toString()));
    expect(await explain("--offset", "30")).toMatchObject({ written: "same", from: 0, replayed: 30 });
    expect(await explain("--key", "key-1")).toMatchObject({ written: "same", offset: 247 });

    const text = startCommand(["explain", "--partition", "1", "--offset", "240"], settings);
    expect(await text.ended).toBe(0);
    expect(text.out.join("\n")).toMatch(
      /^key-0 at .*: 240\.0\n[^]*the same, to the byte\n[^]*persistence +\d+\.\d %/m,
    );

    const missing = startCommand(["explain", "--partition", "1", "--offset", "9999"], settings);
    expect(await missing.ended).toBe(5);
    expect(missing.err[0]).toMatch(/^error HISTORY_MISSING: /);
    // It wrote nothing, and nobody was fenced.
    await produce(settings, 1, 10, 250);
    await committed(service, 1, 260);
    expect(await service.end()).toBe(0);
  }, 120_000);
});
