/** Users' own steps around the forecast: what they hand over late is an error, and what they wait for is waited for. */
import { EventEmitter } from "node:events";
import {
  asapScheduler,
  bufferCount,
  bufferTime,
  concatMap,
  debounceTime,
  delay,
  delayWhen,
  filter,
  map,
  mergeMap,
  Observable,
  observeOn,
  pipe,
  Subject,
  tap,
  type OperatorFunction,
} from "rxjs";
import { describe, expect, test } from "vitest";
import type { Committed, TaskEvent } from "../../src/pipeline/events.js";
import type { BatchContext, Operators, RecordForecast } from "../../src/pipeline/operator.js";
import type { RoutedRecord } from "../../src/pipeline/ports.js";
import type { Reading } from "../../src/pipeline/decode/decode.js";
import { run } from "../../src/pipeline/run.js";
import { TransactionalLog } from "../simulate/log.js";
import { bytes, header, jsonRecord, text } from "./records.js";
import { append, filled, quiet, start } from "./running.js";

const committedOf = (events: readonly TaskEvent[]): Committed[] =>
  events.filter((event) => event.type === "committed");

const toAlert = ({ event, anomalyScore }: RecordForecast): RoutedRecord => ({
  topic: "alerts",
  record: { ...event.record, value: bytes(String(anomalyScore)) },
});

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Lets timers of a few milliseconds end too. */
const settled = async (): Promise<void> => {
  await quiet();
  await pause(20);
  await quiet();
};

describe("an operator that emits late", () => {
  type Any = OperatorFunction<unknown, unknown>;
  const waiting: readonly (readonly [string, Any])[] = [
    ["delay", delay(5)],
    ["debounceTime", debounceTime(5)],
    ["a promise in mergeMap", mergeMap((value) => Promise.resolve(value))],
    ["a promise in concatMap", concatMap(async (value) => (await pause(1), value))],
    ["a scheduler of microtasks", observeOn(asapScheduler)],
    [
      "a timer of one's own",
      mergeMap((value) => new Observable((to) => void setTimeout(() => to.next(value), 5))),
    ],
  ];

  test.each(waiting)(
    "before the forecast (%s) fails ere anything of 5,000 records is committed",
    async (_, late) => {
      const log = filled(5000);
      const { outcome, events } = start(log, { before: late as Operators["before"] & object });
      await settled();
      expect(outcome()).toMatchObject({ code: "OPERATOR_FAILED" });
      // The empty state of the start is all that was committed.
      expect(committedOf(events).map(({ offset }) => offset)).toEqual([0]);
      expect(log.committed(0)).toBe(0);
    },
  );

  test.each(waiting)("after the forecast (%s) fails ere anything is committed", async (_, late) => {
    const log = filled(5000);
    const after = pipe(late as OperatorFunction<RecordForecast, RecordForecast>, map(toAlert));
    const { outcome } = start(log, { after });
    await settled();
    expect(outcome()).toMatchObject({ code: "OPERATOR_FAILED" });
    expect(log.committed(0)).toBe(0);
    expect(log.visible(0).forecasts).toEqual([]);
  });

  test("because of an event of others ends the task when it emits, though no record comes any more", async () => {
    const log = filled(10);
    const opened = new Subject<void>();
    const { outcome, events } = start(log, { before: delayWhen(() => opened) });
    await quiet();
    expect(outcome()).toBeUndefined();
    opened.next();
    await quiet();
    expect(outcome()).toMatchObject({
      code: "OPERATOR_FAILED",
      message: expect.stringMatching(/`before`.*emitted when no event/) as unknown,
    });
    expect(events.at(-1)).toMatchObject({ type: "released", because: "failed" });
  });

  test("while a commit is under way lets no later one begin", async () => {
    const log = filled(40);
    const late = new Subject<void>();
    const { outcome, commits } = start(
      log,
      {
        before: mergeMap((reading) =>
          reading.record.offset === 3 ? late.pipe(map(() => reading)) : [reading],
        ),
      },
      { commit: () => (commits.length > 1 && late.next(), Promise.resolve()) },
    );
    await quiet();
    expect(outcome()).toMatchObject({ code: "OPERATOR_FAILED" });
    expect(commits).toHaveLength(2);
  });

  test.each<[string, OperatorFunction<Reading, Reading>]>([
    [
      "in a timer of its subscription",
      pipe(
        bufferTime(1_000_000),
        mergeMap((all) => all),
      ),
    ],
    [
      "in a buffer that is not full",
      pipe(
        bufferCount(7),
        mergeMap((all) => all),
      ),
    ],
  ])("and holds readings %s fails at a stop, before the last snapshot", async (_, before) => {
    const log = filled(10);
    const { outcome, stop, events, commits } = start(log, { before });
    await quiet();
    const made = commits.length;
    stop.abort();
    await quiet();
    expect(outcome()).toMatchObject({
      code: "OPERATOR_FAILED",
      message: expect.stringMatching(/held back/) as unknown,
    });
    expect(commits).toHaveLength(made);
    expect(events.at(-1)).toMatchObject({ type: "released", because: "failed" });
  });

  test("and holds readings fails where the partition is taken away, too", async () => {
    const before = pipe(
      bufferCount<Reading>(7),
      mergeMap((all) => all),
    );
    const { outcome, group } = start(filled(10), { before });
    await quiet();
    group.rebalance(true);
    await quiet();
    expect(outcome()).toMatchObject({ code: "OPERATOR_FAILED" });
  });

  test("that waits for an answer is given a second at a stop, and then is an error", async () => {
    const before = mergeMap(() => new Observable<Reading>());
    const { outcome, stop, clock } = start(filled(10), { before });
    await quiet();
    stop.abort();
    await quiet();
    expect(outcome()).toBeUndefined();
    clock.turn(1000);
    await quiet();
    expect(outcome()).toMatchObject({
      code: "OPERATOR_FAILED",
      message: expect.stringMatching(/did not complete/) as unknown,
    });
  });

  test("that answers within that second is an error at once", async () => {
    const answers = new EventEmitter();
    const before = mergeMap(
      (reading: Reading) =>
        new Observable<Reading>((to) => void answers.once("answer", () => to.next(reading))),
    );
    const { outcome, stop } = start(filled(10), { before });
    await quiet();
    stop.abort();
    await quiet();
    answers.emit("answer");
    await quiet();
    expect(outcome()).toMatchObject({ code: "OPERATOR_FAILED" });
  });
});

describe("an operator that drops on purpose", () => {
  test("commits the offsets of what it dropped, and stops without an error", async () => {
    const log = filled(5000);
    const { outcome, stop, events } = start(log, {
      before: filter(() => false),
      after: filter(() => false) as never,
    });
    await quiet();
    await settled();
    stop.abort();
    await quiet();
    expect(outcome()).toBe("completed");
    expect(log.committed(0)).toBe(5000);
    expect(committedOf(events).every(({ forecasts }) => forecasts === 0)).toBe(true);
  });

  test("may start what nobody waits for, where it emits, and write to the log where it does not", async () => {
    const log = filled(100);
    let told = 0;
    const before = pipe(
      filter((reading: Reading) => (process.nextTick(() => told++), reading.record.offset % 2 === 0)),
      tap(() => void pause(1)),
    );
    const { outcome, stop } = start(log, { before });
    await settled();
    stop.abort();
    await quiet();
    expect(outcome()).toBe("completed");
    expect(told).toBe(100);
    expect(log.visible(0).forecasts).toHaveLength(50);
  });
});

describe("a step that waits", () => {
  const doubled = async (readings: readonly Reading[]): Promise<Reading[]> => {
    await pause(0);
    return readings.map((reading) => ({ ...reading, value: 2 * reading.value }));
  };

  test("makes the bytes that an operator makes at once, dead letters in order, whatever the cut", async () => {
    const mixed = (log: TransactionalLog): TransactionalLog => {
      for (let i = 0; i < 120; i++) {
        const value = i % 11 === 4 ? "x" : i % 13 === 5 ? null : i % 7;
        const late = i % 9 === 8 ? 90_000 : 0;
        const record = jsonRecord(i, `key-${i % 3}`, { value });
        log.append(0, { ...record, timestamp: record.timestamp - late });
      }
      return log;
    };
    const of = async (operators: Operators, maxEvents: number): Promise<unknown> => {
      const log = mixed(new TransactionalLog(1));
      const { stop, outcome } = start(log, { ...operators, commit: { maxEvents }, late: "dead-letter" });
      while (log.committed(0) !== 120) await quiet();
      stop.abort();
      await quiet();
      expect(outcome()).toBe("completed");
      return log.visible(0);
    };
    const invalid = (reading: Reading): Reading =>
      reading.record.offset === 50 ? { ...reading, value: Infinity } : reading;
    const atOnce = await of(
      {
        before: pipe(
          filter(({ record }) => record.offset % 10 !== 0),
          map((reading) => invalid({ ...reading, value: 2 * reading.value })),
        ),
        after: map(toAlert),
      },
      16,
    );
    for (const maxEvents of [1, 5, 1000]) {
      const waited = await of(
        {
          beforeBatch: async (readings) =>
            (await doubled(readings)).filter(({ record }) => record.offset % 10 !== 0).map(invalid),
          afterBatch: async (forecasts) => (await pause(0), forecasts.map(toAlert)),
        },
        maxEvents,
      );
      expect(waited).toEqual(atOnce);
    }
  });

  test("comes behind the operator of its side", async () => {
    const seen: string[] = [];
    const log = filled(4);
    start(log, {
      before: tap(({ record }) => seen.push(`before ${record.offset}`)),
      beforeBatch: (readings) => (seen.push(`beforeBatch ${readings.length}`), doubled(readings)),
      after: pipe(
        tap(({ event }) => seen.push(`after ${event.record.offset}`)),
        map(toAlert),
      ),
      afterBatch: (forecasts) => (
        seen.push(`afterBatch ${forecasts.length}`),
        Promise.resolve([toAlert(forecasts[0]!)])
      ),
      commit: { maxEvents: 2 },
    });
    while (log.committed(0) !== 4) await quiet();
    expect(seen.slice(0, 6)).toEqual([
      ...["before 0", "before 1", "beforeBatch 2"],
      ...["after 0", "after 1", "afterBatch 2"],
    ]);
    expect(log.visible(0).routed).toHaveLength(6);
  });

  test("holds up the source, and is called for one commit at a time", async () => {
    const log = filled(1000);
    const open: (() => void)[] = [];
    let read = 0;
    const { commits } = start(log, {
      beforeBatch: async (readings) => {
        read += readings.length;
        await new Promise<void>((resolve) => open.push(resolve));
        return readings;
      },
    });
    await quiet();
    expect(open).toHaveLength(1);
    expect(read).toBe(16);
    open.shift()!();
    await quiet();
    expect(open).toHaveLength(1);
    expect(commits.at(-1)!.offset).toBe(16);
  });

  test("is called again by a replay before the forecast, and not after it", async () => {
    const log = filled(40);
    const calls: string[] = [];
    const operators: Operators = {
      beforeBatch: (readings) => (calls.push(`before ${readings[0]!.record.offset}`), doubled(readings)),
      afterBatch: (forecasts) => (
        calls.push(`after ${forecasts[0]!.event.record.offset}`),
        Promise.resolve(forecasts.map(toAlert))
      ),
    };
    const first = start(log, operators);
    while (log.committed(0) !== 40) await quiet();
    first.abandon();
    calls.length = 0;
    append(log, 5);
    const second = start(log, operators);
    while (log.committed(0) !== 45) await quiet();
    second.abandon();
    expect(calls).toEqual(["before 0", "before 16", "before 32", "before 40", "after 40"]);
    expect(log.visible(0).routed).toHaveLength(45);
    const other = filled(40);
    append(other, 5);
    const whole = start(other, operators);
    while (other.committed(0) !== 45) await quiet();
    whole.abandon();
    expect(log.visible(0)).toEqual(other.visible(0));
  });

  test("is given its time and no more, and its signal is aborted then", async () => {
    const log = filled(10);
    const signals: AbortSignal[] = [];
    const { outcome, clock, events } = start(log, {
      hookTimeoutMs: 2000,
      beforeBatch: (_, { signal }) => (signals.push(signal), new Promise(() => undefined)),
    });
    await quiet();
    clock.turn(1999 - 250);
    await quiet();
    expect([outcome(), signals[0]!.aborted]).toEqual([undefined, false]);
    clock.turn(251);
    await quiet();
    expect(outcome()).toMatchObject({
      code: "OPERATOR_TIMEOUT",
      message: expect.stringMatching(/`beforeBatch`.*2000 ms.*10 readings.*readings, partition 0/) as unknown,
    });
    expect(signals[0]!.aborted).toBe(true);
    expect(log.committed(0)).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: "released", because: "failed" });
  });

  test.each<[string, Operators, RegExp]>([
    [
      "rejects",
      { beforeBatch: () => Promise.reject(new Error("no registry")) },
      /`beforeBatch`.*no registry/,
    ],
    [
      "throws",
      {
        afterBatch: () => {
          throw new Error("no registry");
        },
      },
      /`afterBatch`.*no registry/,
    ],
    ["gives no list", { beforeBatch: () => Promise.resolve(undefined as never) }, /`beforeBatch`.*a list/],
    ["gives no reading", { beforeBatch: () => Promise.resolve([null as never]) }, /`beforeBatch`.*reading/],
    [
      "gives readings in another order",
      { beforeBatch: (readings) => Promise.resolve(readings.toReversed()) },
      /`beforeBatch`.*order/,
    ],
    [
      "gives a reading of a record that is not of this commit",
      {
        beforeBatch: (readings) =>
          Promise.resolve(readings.map((reading) => ({ ...reading, record: { ...reading.record } }))),
      },
      /`beforeBatch`.*record/,
    ],
    [
      "gives something else than a record with its topic",
      { afterBatch: (forecasts) => Promise.resolve(forecasts.map(() => ({ topic: "alerts" }) as never)) },
      /`afterBatch`.*record/,
    ],
    [
      "gives a record whose value is no bytes",
      {
        afterBatch: (forecasts) =>
          Promise.resolve(
            forecasts.map(({ event }) => ({
              topic: "a",
              record: { ...event.record, value: "text" as never },
            })),
          ),
      },
      /`afterBatch`.*value/,
    ],
  ])("that %s ends the task, and nothing of its commit lands", async (_, operators, message) => {
    const log = filled(10);
    const { outcome } = start(log, operators);
    await quiet();
    expect(outcome()).toMatchObject({
      code: "OPERATOR_FAILED",
      message: expect.stringMatching(message) as unknown,
    });
    expect(log.committed(0)).toBe(0);
  });

  test("may leave readings out, make several of one, and fill in what becomes a dead letter", async () => {
    const log = filled(6);
    start(log, {
      beforeBatch: (readings) =>
        Promise.resolve(
          readings.flatMap((reading) => {
            const { offset } = reading.record;
            if (offset === 1) return [];
            if (offset === 2) return [reading, { ...reading, key: "both" }];
            return [offset === 3 ? { ...reading, value: NaN, key: "" } : reading];
          }),
        ),
    });
    await quiet();
    const { forecasts, deadLetters } = log.visible(0);
    const keys = forecasts.map(({ value }) => (JSON.parse(text(value)!) as { key: string }).key);
    expect(keys).toEqual(["key-0", "key-2", "both", "key-1", "key-2"]);
    expect(deadLetters.map((letter) => header(letter, "undercurrent-offset"))).toEqual(["3"]);
  });

  test("ends with the partition, whether it listens to its signal or not", async () => {
    const contexts: BatchContext[] = [];
    const { group, events } = start(filled(10), {
      beforeBatch: (_, context) => (contexts.push(context), new Promise(() => undefined)),
    });
    await quiet();
    group.rebalance(true);
    await quiet();
    expect(contexts[0]!.signal.aborted).toBe(true);
    expect(events.find((event) => event.type === "released")).toMatchObject({ because: "revoked" });
  });

  test("ends with a commit that failed, whose error it is", async () => {
    const broken = new Error("the disk is full");
    let fail: (() => void) | undefined;
    const { outcome } = start(
      filled(40),
      {
        beforeBatch: (readings) =>
          readings[0]!.record.offset < 16 ? Promise.resolve(readings) : new Promise(() => undefined),
      },
      { commit: () => new Promise((_, reject) => (fail = () => reject(broken))) },
    );
    await quiet();
    fail!();
    await quiet();
    expect(outcome()).toBe(broken);
  });

  test("is waited for at a stop, and what it was given is committed", async () => {
    const log = filled(10);
    let answer: (() => void) | undefined;
    const { stop, outcome } = start(log, {
      beforeBatch: (readings) => new Promise((resolve) => (answer = () => resolve(readings))),
    });
    await quiet();
    stop.abort();
    await quiet();
    expect(outcome()).toBeUndefined();
    answer!();
    await quiet();
    expect(outcome()).toBe("completed");
    expect(log.committed(0)).toBe(10);
    expect(log.visible(0).forecasts).toHaveLength(10);
  });

  test("lets no snapshot fall between a forecast and its commit", async () => {
    const log = filled(10);
    let answer: (() => void) | undefined;
    const { clock, commits } = start(log, {
      snapshot: { everyMs: 10_000 },
      afterBatch: () => new Promise((resolve) => (answer = () => resolve([]))),
    });
    await quiet();
    clock.turn(20_000);
    await quiet();
    expect(commits).toHaveLength(1);
    answer!();
    await quiet();
    expect(commits.map(({ offset, snapshot }) => [offset, snapshot?.offset])).toEqual([
      [0, 0],
      [10, 10],
    ]);
  });

  test("lets no snapshot fall between two commits of one batch, where one is due", async () => {
    const gates: (() => void)[] = [];
    const { clock, commits } = start(
      filled(10),
      {
        snapshot: { everyMs: 10_000 },
        commit: { maxEvents: 5 },
        afterBatch: (forecasts) =>
          forecasts[0]!.event.record.offset === 0 ? Promise.resolve([]) : new Promise(() => undefined),
      },
      { commit: () => new Promise((resolve) => gates.push(resolve)) },
    );
    await quiet();
    clock.turn(10_000);
    await quiet();
    gates.shift()!();
    await quiet();
    gates.shift()!();
    await quiet();
    expect(commits.map(({ offset, snapshot }) => [offset, snapshot?.offset])).toEqual([
      [0, 0],
      [5, undefined],
    ]);
  });

  test("that fails behind the forecast lets no snapshot be made of the records that it failed on", async () => {
    const log = filled(10);
    const { clock, commits, outcome } = start(log, {
      snapshot: { everyMs: 1000 },
      hookTimeoutMs: 2000,
      afterBatch: (forecasts) =>
        forecasts[0]!.event.record.offset === 0 ? Promise.resolve([]) : new Promise(() => undefined),
      commit: { maxEvents: 5 },
    });
    await quiet();
    expect(commits.map(({ offset }) => offset)).toEqual([0, 5]);
    clock.turn(2000);
    await quiet();
    expect(outcome()).toMatchObject({ code: "OPERATOR_TIMEOUT" });
    expect(commits).toHaveLength(2);
  });

  test.each([0, -1, 1.5, NaN, 3_600_001, "5" as never])("with a limit of %s is refused", (hookTimeoutMs) => {
    const { source, committer } = new TransactionalLogMember();
    expect(() => run(source, committer, { hookTimeoutMs })).toThrow(
      expect.objectContaining({
        code: "SETTING_INVALID",
        message: expect.stringMatching(/hookTimeoutMs/) as unknown,
      }),
    );
  });
});

class TransactionalLogMember {
  readonly source = { assignments: new Observable<never>() };
  readonly committer = { commit: (): Promise<void> => Promise.resolve() };
}
