// Windows on a real broker: raw events become one observation per key and window, and a killed service loses and doubles none.
import { afterEach, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { startCommand, startService } from "../../support/service.js";
import { committed, deployment } from "./deployment.js";

afterEach(endChildren);

const start = Date.UTC(2026, 2, 1, 10);
const { aggregate, decode } = loadConfig("examples/topics/clicks-per-minute.yaml", {}).settings;

/** Clicks of three pages, 7 s apart. */
const clicks = (from: number, count: number): { key: string; value: string; timestamp: number }[] =>
  Array.from({ length: count }, (_, i) => {
    const at = start + 7000 * (from + i);
    return { key: "user", value: JSON.stringify({ page: `/${(from + i) % 3}`, at }), timestamp: at };
  });

describeWithBroker("the command run with windows", () => {
  test("counts clicks per page and minute, also where it is killed within a window", async () => {
    const settings = await deployment(1, { decode, aggregate, snapshot: { everyEvents: 10 } });
    const { input, forecasts } = settings.topics;
    await broker.produce(input, 0, clicks(0, 20));
    const killed = startService(settings);
    await committed(killed, 0, 20);
    await killed.end("SIGKILL");
    await broker.produce(input, 0, clicks(20, 20));
    const next = startService(settings);
    await committed(next, 0, 40);
    expect(await next.end()).toBe(0);
    const said = (await broker.readCommitted(forecasts, 12)).flat().map(({ key, value }) => {
      const forecast = JSON.parse(value!.toString()) as Record<string, unknown>;
      expect(forecast["key"]).toBe(key!.toString());
      return `${String(forecast["time"]).slice(11, 19)} ${String(forecast["key"])} ${String(forecast["value"])}`;
    });
    const expected = [1, 2, 3, 4].flatMap((minute) =>
      [0, 1, 2].map((page) => {
        const inside = clicks(0, 40).filter(
          ({ timestamp }, i) => i % 3 === page && Math.floor((timestamp - start) / 60_000) === minute - 1,
        );
        return `10:0${minute}:00 /${page} ${inside.length}`;
      }),
    );
    expect(said).toEqual(expected);
    const inspect = startCommand(["state", "inspect"], settings);
    expect(await inspect.ended).toBe(0);
    // Offset 35 closed the windows of the fourth minute.
    const explain = startCommand(["explain", "--partition", "0", "--offset", "35", "--key", "/1"], settings);
    expect(await explain.ended).toBe(0);
    expect(explain.out.join("\n")).toContain("holds the same forecast, byte for byte");
    const changed = startCommand(["lint"], { ...settings, aggregate: { ...aggregate!, every: "2m" } });
    await changed.ended;
    expect(changed.out.join("\n")).toContain("other settings (aggregate)");
  }, 120_000);
});
