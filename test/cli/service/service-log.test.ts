import { pino } from "pino";
import { describe, expect, test } from "vitest";
import {
  logKafkaEntry,
  loggedRejections,
  logRepartitionEvent,
  logTaskEvent,
  type ServiceLog,
} from "../../../src/cli/service/service-log.js";
import { UndercurrentError } from "../../../src/errors/errors.js";
import type { TaskEvent } from "../../../src/pipeline/events.js";

/** The lines, parsed, that something writes to a log of the given level. */
function lines(write: (log: ServiceLog) => void, level = "debug"): unknown[] {
  const written: unknown[] = [];
  const formatters = { level: (label: string) => ({ level: label }) };
  const log = pino(
    { level, formatters, base: null, timestamp: false },
    { write: (line: string) => written.push(JSON.parse(line)) },
  );
  write(log);
  return written;
}

const origin = { topic: "readings", partition: 3 };
const eventLine = (event: TaskEvent, level?: string): unknown[] =>
  lines((log) => logTaskEvent(log, event), level);

describe("the log of the service", () => {
  const takenOver = { type: "taken-over", ...origin, keys: 2, from: 5, liveFrom: 9 } as const;

  test("tells of a takeover before it may take long", () => {
    expect(eventLine({ type: "taking-over", ...origin })).toMatchObject([{ level: "info", ...origin }]);
  });

  test("tells of a takeover, as a warning where a state is not gone on from", () => {
    expect(eventLine({ ...takenOver, plan: "resume", reason: undefined })).toEqual([
      {
        level: "info",
        event: "taken-over",
        ...origin,
        plan: "resume",
        keys: 2,
        from: 5,
        liveFrom: 9,
        msg: "partition taken over: resume",
      },
    ]);
    const reason = "the state was made with other settings (hidden)";
    expect(eventLine({ ...takenOver, plan: "fresh", reason })).toMatchObject([{ level: "warn", reason }]);
  });

  test("tells of a repartition without a state and forecasts that it does not have", () => {
    const written = lines((log) => {
      logRepartitionEvent(log, { type: "taking-over", ...origin });
      logRepartitionEvent(log, { ...takenOver, plan: "resume", reason: undefined });
    });
    expect(written).toMatchObject([
      { event: "taking-over", msg: expect.not.stringContaining("state") as string },
      { event: "taken-over", msg: "partition taken over: resume" },
    ]);
  });

  test("warns of rejections, and not of records that the settings leave out", () => {
    const written = lines((log) => {
      const rejections = loggedRejections(log);
      for (let i = 0; i < 6; i++) {
        rejections.add({
          code: "RECORD_SKIPPED",
          message: "no value (a tombstone)",
          origin: `orders/0@${i}`,
        });
      }
      rejections.add({ code: "KEY_INVALID", message: "no key", origin: "orders/0@6" });
      rejections.summarise();
    });
    const of = (wanted: string): unknown[] =>
      written.filter((line) => (line as { readonly event: string }).event === wanted);
    expect(of("skipped")).toHaveLength(7);
    expect(of("skipped").every((line) => (line as { readonly level: string }).level === "info")).toBe(true);
    expect(of("skipped")[0]).toMatchObject({
      msg: "skipped orders/0@0: RECORD_SKIPPED: no value (a tombstone)",
    });
    expect(of("rejected")).toMatchObject([{ level: "warn" }, { level: "warn" }]);
  });

  test("estimates how long a replay takes, where there is a pace to tell it from", () => {
    const replaying = { type: "replaying", ...origin, offset: 6, liveFrom: 9 } as const;
    expect(eventLine({ ...replaying, secondsLeft: 12.34 })).toMatchObject([{ secondsLeft: 12.3 }]);
    expect(eventLine({ ...replaying, secondsLeft: Infinity })).toMatchObject([{ secondsLeft: null }]);
  });

  test("tells of commits only where everything is wanted", () => {
    const committed: TaskEvent = {
      type: "committed",
      ...origin,
      offset: 9,
      lag: 0,
      keys: 2,
      openIncidents: { keys: 1, silences: 0, groups: 0, waitingSilences: 0 },
      bytes: 4096,
      forecasts: 4,
      incidents: 0,
      deadLetters: 0,
      routed: 0,
      snapshot: undefined,
      seconds: 0.02,
      processingSeconds: 0.01,
      oldest: undefined,
    };
    expect(eventLine(committed)).toMatchObject([{ level: "debug", forecasts: 4 }]);
    expect(eventLine(committed, "info")).toEqual([]);
  });

  test("says why a task begins anew, by code and message alone", () => {
    const cause = new Error("password=secret");
    const error = new UndercurrentError("COMMIT_UNCERTAIN", "commit of partition 3: timed out", { cause });
    expect(eventLine({ type: "restarting", ...origin, error })).toEqual([
      {
        level: "warn",
        event: "restarting",
        ...origin,
        error: { code: "COMMIT_UNCERTAIN", message: "commit of partition 3: timed out" },
        msg: "restarting the task from the last durable commit",
      },
    ]);
  });

  test.each([
    ["error", "Connection", "debug"],
    ["error", "BrokerPool", "warn"],
    ["warn", "Consumer", "warn"],
    ["info", "ConsumerGroup", "debug"],
  ] as const)("takes the client's %s of its %s for %s", (level, namespace, taken) => {
    const fields = { namespace, groupId: "pumps", stack: "at …" };
    expect(lines((log) => logKafkaEntry(log, { level, message: "something", fields }))).toEqual([
      { level: taken, event: "kafka", source: namespace, groupId: "pumps", msg: "something" },
    ]);
  });
});
