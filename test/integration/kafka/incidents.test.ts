// The commands incidents and explain --incident beside a service, on a real broker.
import { afterEach, expect, test } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { eventsWithFaults } from "../../support/faults.js";
import { startCommand, startService } from "../../support/service.js";
import { committed, deployment } from "./deployment.js";

afterEach(endChildren);

describeWithBroker("incidents", () => {
  test("are listed from the topic in their latest state, and each is derived again from the log to the byte", async () => {
    const settings = await deployment(2, { snapshot: { everyEvents: 100 }, commit: { maxEvents: 20 } });
    const events = eventsWithFaults(1200, 2);
    const begin = Date.UTC(2026, 0, 1);
    await broker.produce(
      settings.topics.input,
      1,
      events.map(({ key, time, value }) => ({
        key,
        value: JSON.stringify({ value }),
        timestamp: begin + time,
      })),
    );
    const service = startService(settings);
    await committed(service, 1, 1200);

    const output = async (...args: string[]): Promise<string> => {
      const command = startCommand(args, settings);
      expect(await command.ended, command.err.join("\n")).toBe(0);
      return command.out.join("\n");
    };
    const { incidents } = JSON.parse(await output("incidents", "--json")) as {
      readonly incidents: readonly Record<string, unknown>[];
    };
    expect(incidents.length).toBeGreaterThan(2);
    expect(new Set(incidents.map(({ id }) => id)).size).toBe(incidents.length);
    const { id, key, begin: since } = incidents.at(-1) as Record<"id" | "key" | "begin", string>;
    const text = await output("incidents", "--key", key, "--since", since);
    expect(text).toContain(id);
    expect(text).not.toContain(String(incidents.find((incident) => incident["key"] !== key)!["id"]));

    const derived = JSON.parse(await output("explain", "--incident", id, "--json")) as {
      readonly written: string;
      readonly snapshot: boolean;
      readonly changes: readonly unknown[];
    };
    expect(derived).toMatchObject({ written: "same", snapshot: true });
    expect(derived.changes.at(-1)).toEqual(incidents.at(-1));
    expect(await output("explain", "--incident", String(incidents[0]!["id"]))).toContain(
      "the incidents topic holds the same changes, byte for byte",
    );

    // The first incident was to be expected: no other of its kind is told of its key, also after a kill.
    const first = incidents[0] as Record<"id" | "key" | "kind", string>;
    expect(await output("incidents", "expected", first.id, "--for", "52w")).toContain(
      `no ${first.kind} of ${first.key} is told before`,
    );
    const next = eventsWithFaults(2400, 2).slice(1200);
    const produce = (some: typeof next): Promise<unknown> =>
      broker.produce(
        settings.topics.input,
        1,
        some.map(({ key: name, time, value }) => ({
          key: name,
          value: JSON.stringify({ value }),
          timestamp: begin + time,
        })),
      );
    // Feedback is read beside the input: with these events it is there, or soon after.
    await produce(next.slice(0, 20));
    await committed(service, 1, 1220);
    await sleep(3000);
    await service.end("SIGKILL");
    const second = startService(settings);
    await produce(next.slice(20));
    await committed(second, 1, 2400);
    const { incidents: later } = JSON.parse(await output("incidents", "--json")) as {
      readonly incidents: readonly Record<string, unknown>[];
    };
    const restart = new Date(begin + next[20]!.time).toISOString();
    const begun = later.filter((incident) => String(incident["begin"]) > restart);
    expect(begun.filter((one) => one["key"] === first.key && one["kind"] === first.kind)).toEqual([]);
    expect(begun.filter((one) => one["key"] !== first.key)).not.toEqual([]);
    expect(await output("explain", "--incident", String(begun[0]!["id"]))).toContain(
      "the incidents topic holds the same changes, byte for byte",
    );
    const none = startCommand(["explain", "--incident", `${settings.topics.input}-1-3`], settings);
    expect(await none.ended).toBe(5);
    expect(await second.end()).toBe(0);
  }, 400_000);
});
