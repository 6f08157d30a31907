/** What a running pipeline answers about a key: what is committed, and nothing that a failed commit takes back. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyQueries, type KeyAnswer } from "../../../src/pipeline/query/key-queries.js";
import type { CommitOutcome, TransactionalLog } from "../../simulate/log.js";
import { jsonRecord, text } from "../records.js";
import { append, filled, quiet, start, type Running } from "../running.js";

type Json = Readonly<Record<string, unknown>>;

/** The messages of a key among the committed forecasts, in order. */
function messagesOf(log: TransactionalLog, key: string): Json[] {
  return log
    .visible(0)
    .forecasts.map(({ value }) => JSON.parse(text(value)!) as Json)
    .filter((message) => message["key"] === key);
}

/** The part of a message that is of the next value. */
function nextOf(message: Json): Json {
  const {
    key: _key,
    time: _time,
    value: _value,
    expected: _expected,
    anomaly_score: _score,
    ...next
  } = message;
  return next;
}

/** An answer as a test sees it before it came. */
function pending(answer: Promise<KeyAnswer>): { value: KeyAnswer | undefined } {
  const seen: { value: KeyAnswer | undefined } = { value: undefined };
  void answer.then((value) => (seen.value = value));
  return seen;
}

async function end({ stop }: Running): Promise<void> {
  stop.abort();
  await quiet();
}

const forecaster = { hidden: 4, readout: "shared", horizon: 3, intervalLevels: [0.9, 0.5] } as const;

test("a key is what its last message said, with its values, experts and incidents", async () => {
  const log = filled(400);
  const queries = new KeyQueries();
  const running = start(log, { queries, forecaster });
  await quiet();
  const { reports, live, takingOver } = await queries.ask("key-1");
  expect({ live, takingOver }).toEqual({ live: [0], takingOver: [] });
  const messages = messagesOf(log, "key-1");
  const last = messages.at(-1)!;
  expect(reports).toHaveLength(1);
  const [report] = reports;
  expect(report).toMatchObject({ partition: 0, offset: 400, events: messages.length });
  expect(report!.time).toBe(last["time"]);
  expect(report!.value).toBe(last["value"]);
  expect(report!.forecast).toEqual(nextOf(last));
  expect(report!.forecast["horizon"]).toHaveLength(2);
  expect(report!.values).toEqual(messages.slice(-64).map((message) => message["value"]));
  expect(report!.experts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 10);
  const mixed = report!.experts.reduce((sum, { weight, forecast }) => sum + weight * forecast, 0);
  expect(mixed).toBeCloseTo(last["yhat"] as number, 4);
  expect(report!.errors.mixture).toBeGreaterThanOrEqual(0);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  await end(running);
});

test("an open incident is reported as its last message has it", async () => {
  const log = filled(900);
  for (let i = 0; i < 6; i++) {
    log.append(0, jsonRecord(900 + i, "key-0", { value: 900 }));
  }
  const queries = new KeyQueries();
  const running = start(log, { queries, forecaster });
  await quiet();
  const told = log.visible(0).incidents.map(({ value }) => JSON.parse(text(value)!) as Json);
  expect(told.length).toBeGreaterThan(0);
  const { key: _key, change: _change, time: _time, ...incident } = told.at(-1)!;
  const { reports } = await queries.ask("key-0");
  expect(reports[0]!.incidents[0]).toMatchObject({
    id: incident["id"],
    state: "open",
    begin: incident["begin"],
  });
  expect(reports[0]!.forecast["incident"]).toBe(incident["id"]);
  await end(running);
});

test("a key that no partition knows has no report, and neither has a partition that is not held", async () => {
  const queries = new KeyQueries();
  expect(await queries.ask("key-1")).toEqual({ reports: [], live: [], takingOver: [] });
  const running = start(filled(30), { queries });
  await quiet();
  expect(await queries.ask("pump-7")).toEqual({ reports: [], live: [0], takingOver: [] });
  expect(await queries.ask("key-1", 1)).toEqual({ reports: [], live: [], takingOver: [] });
  expect((await queries.ask("key-1", 0)).reports).toHaveLength(1);
  await end(running);
  expect(await queries.ask("key-1")).toEqual({ reports: [], live: [], takingOver: [] });
});

test("an answer waits for the commit of what it shows", async () => {
  const log = filled(30);
  const queries = new KeyQueries();
  const gates: (() => void)[] = [];
  const commit = (): Promise<void> => new Promise((resolve) => gates.push(resolve));
  const running = start(log, { queries, snapshot: { everyEvents: 1000 } }, { commit });
  await quiet();
  // The first commit makes the empty state durable; the run is live meanwhile.
  const seen = pending(queries.ask("key-0"));
  await quiet();
  expect(seen.value).toBeUndefined();
  for (let turn = 0; turn < 20 && gates.length > 0; turn++) {
    gates.shift()!();
    await quiet();
  }
  const { reports } = seen.value!;
  const shown = reports[0]!;
  expect(log.committed(0)).toBeGreaterThanOrEqual(shown.offset);
  running.abandon();
});

test("what a failed commit takes back is never reported", async () => {
  const log = filled(40);
  const queries = new KeyQueries();
  let outcome: CommitOutcome = "landed";
  const hold: { open?: () => void } = {};
  const running = start(
    log,
    { queries },
    {
      outcome: () => outcome,
      commit: () =>
        outcome === "lost" ? new Promise((resolve) => (hold.open = resolve)) : Promise.resolve(),
    },
  );
  await quiet();
  const before = (await queries.ask("key-0")).reports[0]!;
  outcome = "lost";
  append(log, 6);
  await quiet();
  const answer = queries.ask("key-0");
  outcome = "landed";
  hold.open?.();
  await quiet();
  const seen = await answer;
  for (const report of seen.reports) expect(log.committed(0)).toBeGreaterThanOrEqual(report.offset);
  expect(before.offset).toBe(40);
  await end(running);
});

test("an answer waits for a hook, in whose middle the state is that of no commit", async () => {
  const log = filled(20);
  const queries = new KeyQueries();
  const hook: { open?: () => void } = {};
  const running = start(log, {
    queries,
    afterBatch: async () => {
      await new Promise<void>((resolve) => (hook.open = resolve));
      return [];
    },
  });
  await quiet();
  const seen = pending(queries.ask("key-0"));
  await quiet();
  expect(seen.value).toBeUndefined();
  hook.open!();
  await quiet();
  expect(seen.value!.reports[0]!.offset).toBe(16);
  expect(log.committed(0)).toBeGreaterThanOrEqual(16);
  running.abandon();
  await quiet();
});

test("questions at any time agree with the messages before their offset, and change no byte", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 20 }),
      async (pieces, maxEvents) => {
        const [asked, left] = [filled(0), filled(0)];
        const queries = new KeyQueries();
        const options = { forecaster, commit: { maxEvents }, snapshot: { everyEvents: 25 } };
        const running = [start(asked, { ...options, queries }), start(left, options)];
        const answers: { readonly key: string; readonly answer: Promise<KeyAnswer> }[] = [];
        const ask = (key: string): number => answers.push({ key, answer: queries.ask(key) });
        await quiet();
        for (const piece of pieces) {
          append(asked, piece);
          append(left, piece);
          ask("key-0");
          await quiet();
          ask("key-1");
        }
        for (const { key, answer } of answers) {
          for (const { offset, forecast, events } of (await answer).reports) {
            expect(asked.committed(0)).toBeGreaterThanOrEqual(offset);
            expect(forecast).toEqual(nextOf(messagesOf(asked, key)[events - 1]!));
          }
        }
        for (const each of running) await end(each);
        expect(asked.visible(0)).toEqual(left.visible(0));
      },
    ),
    { numRuns: 5 },
  );
});
