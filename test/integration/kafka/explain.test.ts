// The command explain beside a service, on a real broker.
import { filter, lastValueFrom, map, pipe, tap } from "rxjs";
import { afterEach, expect, test } from "vitest";
import { kafkaPorts } from "../../../src/adapters/kafka/index.js";
import { run } from "../../../src/pipeline/run.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { startCommand, startService } from "../../support/service.js";
import { testedClient } from "../../support/tested-client.js";
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
      /^key-0 at .*: 240\.0\n[^]*the same forecast, byte for byte\n[^]*persistence +\d+\.\d %/m,
    );

    const missing = startCommand(["explain", "--partition", "1", "--offset", "9999"], settings);
    expect(await missing.ended).toBe(5);
    expect(missing.err[0]).toMatch(/^error HISTORY_MISSING: /);
    // It wrote nothing, and nobody was fenced.
    await produce(settings, 1, 10, 250);
    await committed(service, 1, 260);
    expect(await service.end()).toBe(0);
  }, 120_000);

  test("finds a key in whichever partition it is, and asks for the partition where it is in several", async () => {
    const settings = await deployment(3);
    await produce(settings, 2, 9);
    const explain = async (...args: string[]): Promise<{ code: unknown; out: string; err: string }> => {
      const command = startCommand(["explain", ...args], settings);
      return { code: await command.ended, out: command.out.join("\n"), err: command.err.join("\n") };
    };
    const found = await explain("--key", "key-1", "--json");
    expect(JSON.parse(found.out)).toMatchObject({ partition: 2, offset: 7, written: "absent" });
    expect((await explain("--key", "key-9")).err).toContain("HISTORY_MISSING");
    expect((await explain("--offset", "3")).err).toContain("--offset needs --partition");
    await produce(settings, 0, 9);
    const several = await explain("--key", "key-1");
    expect([several.code, several.err]).toEqual([2, expect.stringContaining("in partitions 0, 2")]);
    expect((await explain("--key", "key-1", "--partition", "0")).out).toContain(
      "holds no forecast of this record",
    );
  }, 120_000);

  test("says of a program with an operator before the forecast that the reading was changed or left out", async () => {
    const settings = await deployment(1);
    await produce(settings, 0, 30);
    const { applicationId: application, topics } = settings;
    const kafka = kafkaPorts({
      ...testedClient,
      bootstrapServers: broker.brokers.slice(),
      applicationId: application,
      topics,
      fetchMaxWaitMs: 20,
    });
    const stop = new AbortController();
    await lastValueFrom(
      run(kafka.source, kafka.committer, {
        before: pipe(
          filter(({ value }) => value !== 11),
          map((reading) => ({ ...reading, value: 2 * reading.value })),
        ),
        stop: stop.signal,
      }).pipe(tap((event) => event.type === "committed" && event.offset === 30 && stop.abort())),
    );
    await kafka.closed();
    const verdict = async (offset: number): Promise<string> => {
      const command = startCommand(["explain", "--partition", "0", "--offset", String(offset)], settings);
      expect(await command.ended, command.err.join("\n")).toBe(0);
      return command.out[2]!;
    };
    expect(await verdict(10)).toContain("a forecast of this timestamp with another key, time or value");
    expect(await verdict(11)).toContain("holds no forecast of this record");
    expect(await verdict(0)).not.toContain("no longer");
  }, 120_000);
});
