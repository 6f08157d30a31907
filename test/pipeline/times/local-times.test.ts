/** Local times that a pipeline takes as UTC. */
import { expect, test } from "vitest";
import { TransactionalLog } from "../../simulate/log.js";
import { jsonRecord } from "../records.js";
import { quiet, start } from "../running.js";

test.each<[string, object, string, number]>([
  ["told once per task", {}, "2026-03-01 10:00", 2],
  ["not told with a zone in the settings", { timeZone: "UTC" }, "2026-03-01 10:00", 0],
  ["not told with a zone in the times", {}, "2026-03-01T10:00Z", 0],
])("local times are %s", async (_, zone, at, expected) => {
  const log = new TransactionalLog(2);
  const { events, stop } = start(log, { decode: { time: "at", ...zone } });
  for (let i = 0; i < 20; i++) {
    for (let partition = 0; partition < 2; partition++) {
      log.append(partition, jsonRecord(i, `key-${partition}`, { value: i, at }));
    }
    await quiet();
  }
  stop.abort();
  await quiet();
  const notes = events.flatMap((event) => (event.type === "local-times" ? [event.note] : []));
  expect(notes).toHaveLength(expected);
  for (const note of notes) {
    expect(note).toContain(
      "2026-03-01 10:00 is 2026-03-01T10:00:00.000Z; for local times set decode.timeZone",
    );
  }
});
