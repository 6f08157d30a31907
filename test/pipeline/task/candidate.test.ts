/** A second model beside the live one: it changes nothing of it, is as if it were alone, and takes its place at a commit. */
import { lastValueFrom } from "rxjs";
import { describe, expect, test } from "vitest";
import { forecasterSettings, type ForecasterSettings } from "../../../src/forecast/settings.js";
import type { OutputRecord } from "../../../src/pipeline/ports.js";
import { run, type RunOptions } from "../../../src/pipeline/run.js";
import { readState } from "../../../src/pipeline/state/state-records.js";
import { promoteCommit } from "../../../src/pipeline/state/transfer.js";
import { calm, Group } from "../../simulate/group.js";
import { TransactionalLog } from "../../simulate/log.js";
import { settle } from "../../simulate/scheduler.js";
import { quick, syntheticEvents } from "../../support/streams.js";

const live = { ...quick, maxKeys: 3 };
const other = { ...quick, cell: "gru" } as const;
const events = syntheticEvents(200, 5);
const common: RunOptions = { snapshot: { everyEvents: 30 }, commit: { maxEvents: 7 } };

function append(log: TransactionalLog, from: number, to: number): void {
  for (const { key, time, value } of events.slice(from, to)) {
    log.append(0, {
      key: Buffer.from(key),
      value: Buffer.from(JSON.stringify({ value: Number.isNaN(value) ? null : value })),
      timestamp: time,
      headers: [],
    });
  }
}

/** Runs to the end of the input, and stops. `abandon` leaves no last snapshot. */
async function runOn(log: TransactionalLog, options: RunOptions, abandon = false): Promise<void> {
  const member = new Group(log, calm).join("one");
  const stop = new AbortController();
  const running = run(member.source, member.committer, { ...common, ...options, stop: stop.signal });
  const end = log.endOffset(0);
  if (abandon) {
    const subscription = running.subscribe();
    while ((log.committed(0) ?? -1) < end) await settle();
    subscription.unsubscribe();
    return;
  }
  const ended = lastValueFrom(running, { defaultValue: undefined });
  while ((log.committed(0) ?? -1) < end) await settle();
  stop.abort();
  await ended;
}

const textOf = (records: readonly OutputRecord[]): string[] =>
  records.map(({ value }) => Buffer.from(value!).toString());

/** Exchanges the roles as the command does. */
function promote(log: TransactionalLog, model: ForecasterSettings): boolean {
  const { epoch, takeover } = log.takeOver(0, () => true);
  const made = promoteCommit(takeover, model, { where: "partition 0" });
  if (made !== undefined) log.commit(0, epoch, made.commit, "landed");
  return made !== undefined;
}

async function alone(forecaster: NonNullable<RunOptions["forecaster"]>): Promise<string[]> {
  const log = new TransactionalLog(1);
  append(log, 0, 200);
  await runOn(log, { forecaster });
  return textOf(log.visible(0).forecasts);
}

describe("a candidate", () => {
  test("sees what the live model sees, over restarts, and takes its place and gives it back at a commit", async () => {
    const both: RunOptions = { forecaster: live, candidate: { forecaster: other } };
    const log = new TransactionalLog(1);
    append(log, 0, 70);
    await runOn(log, both, true);
    append(log, 70, 100);
    await runOn(log, both);
    const [ofLive, ofOther] = [await alone(live), await alone(other)];
    expect(textOf(log.visible(0).forecasts)).toEqual(ofLive.slice(0, 100));
    expect(textOf(log.visible(0).candidates)).toEqual(ofOther.slice(0, 100));

    expect(promote(log, forecasterSettings(other))).toBe(true);
    expect(promote(log, forecasterSettings(other))).toBe(false);
    expect(readState([...log.state(0)].map(([key, value]) => ({ key, value }))).settings["cell"]).toBe("gru");
    append(log, 100, 140);
    await runOn(log, both, true);
    // Input would have to be replayed up to the committed offset, and by which model nobody could say.
    expect(() => promote(log, forecasterSettings(live))).toThrow(/not stopped gracefully/);
    append(log, 140, 150);
    await runOn(log, both);
    expect(textOf(log.visible(0).forecasts).slice(100)).toEqual(ofOther.slice(100, 150));
    expect(textOf(log.visible(0).candidates).slice(100)).toEqual(ofLive.slice(100, 150));

    expect(promote(log, forecasterSettings(live))).toBe(true);
    append(log, 150, 200);
    // The configuration may exchange the two: the state says which one is live.
    await runOn(log, { forecaster: other, candidate: { forecaster: live } });
    expect(textOf(log.visible(0).forecasts).slice(150)).toEqual(ofLive.slice(150));
    expect(textOf(log.visible(0).candidates).slice(150)).toEqual(ofOther.slice(150));
  });

  test("begins where the service is live if the state holds none of its settings, and ends with its section", async () => {
    const log = new TransactionalLog(1);
    append(log, 0, 50);
    await runOn(log, { forecaster: live }, true);
    append(log, 50, 100);
    await runOn(log, { forecaster: live, candidate: { forecaster: other } });
    expect(log.visible(0).candidates).toHaveLength(50);
    expect(textOf(log.visible(0).forecasts)).toEqual((await alone(live)).slice(0, 100));
    expect(() => promote(log, forecasterSettings({ ...other, hidden: 12 }))).toThrow(
      expect.objectContaining({ code: "SETTING_INVALID" }) as Error,
    );
    append(log, 100, 110);
    await runOn(log, { forecaster: live });
    expect([...log.state(0).keys()].filter((key) => key.startsWith("candidate:"))).toEqual([]);
  });

  test.each(["mean", "p90"])("sees the windows of the live model: %s", async (by) => {
    const aggregate = { every: "2m", by, grace: "30s" } as const;
    const both: RunOptions = { forecaster: { ...live, aggregate }, candidate: { forecaster: other } };
    const log = new TransactionalLog(1);
    append(log, 0, 70);
    await runOn(log, both, true);
    append(log, 70, 100);
    await runOn(log, both);
    expect(promote(log, forecasterSettings({ ...other, aggregate }))).toBe(true);
    append(log, 100, 200);
    await runOn(log, both);
    const [ofLive, ofOther] = [await alone({ ...live, aggregate }), await alone({ ...other, aggregate })];
    const { forecasts, candidates } = log.visible(0);
    expect(ofLive.length).toBeGreaterThan(50);
    const first = ofLive.findIndex((text, i) => text !== textOf(forecasts)[i]);
    expect(first).toBeGreaterThan(20);
    expect(textOf(forecasts)).toEqual([...ofLive.slice(0, first), ...ofOther.slice(first)]);
    expect(textOf(candidates)).toEqual([...ofOther.slice(0, first), ...ofLive.slice(first)]);
  });

  test("begins in the middle of a window, and observes it whole", async () => {
    const aggregate = { every: "2m", by: "count" } as const;
    const log = new TransactionalLog(1);
    append(log, 0, 50);
    await runOn(log, { forecaster: { ...live, aggregate } });
    append(log, 50, 100);
    await runOn(log, { forecaster: { ...live, aggregate }, candidate: { forecaster: other } });
    const { forecasts, candidates } = log.visible(0);
    expect(candidates.length).toBeGreaterThan(10);
    const observed = (record: OutputRecord): unknown => {
      const { key, time, value } = JSON.parse(Buffer.from(record.value!).toString()) as Record<
        string,
        unknown
      >;
      return [key, time, value];
    };
    expect(candidates.map(observed)).toEqual(forecasts.slice(-candidates.length).map(observed));
  });

  test.each([
    ["the settings of the model", live],
    ["other windows", { ...other, aggregate: { every: "1m" } }],
  ])("is refused with %s", (_, forecaster) => {
    const { source, committer } = new Group(new TransactionalLog(1), calm).join("one");
    expect(() => run(source, committer, { forecaster: live, candidate: { forecaster } })).toThrow(
      expect.objectContaining({ code: "SETTING_INVALID" }) as Error,
    );
  });
});
