/** Promotions while the pipeline runs: at a commit, once, over crashes and restarts; and what explains them afterwards. */
import { describe, expect, test } from "vitest";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { explainForecast, type ExplainOptions } from "../../../src/pipeline/explain.js";
import { readIncident, type IncidentMessage } from "../../../src/pipeline/encode/incidents/message.js";
import { explainIncident } from "../../../src/pipeline/explain-incident.js";
import type { Commit, InputBatch, OutputRecord, StateRecord } from "../../../src/pipeline/ports.js";
import type { RunOptions } from "../../../src/pipeline/run.js";
import { modelSettings, pipelineSettings } from "../../../src/pipeline/settings.js";
import {
  hasLearnedNothing,
  promotionMessage,
  readPromotion,
  type Learned,
} from "../../../src/pipeline/state/promotion.js";
import {
  livePlace,
  readRoles,
  withRole,
  type RoleHistory,
} from "../../../src/pipeline/state/role-history.js";
import { PastState, readState, StateOutline } from "../../../src/pipeline/state/state-records.js";
import { importCommit, promoteCommit, resetCommit } from "../../../src/pipeline/state/transfer.js";
import { TransactionalLog } from "../../simulate/log.js";
import { settle } from "../../simulate/scheduler.js";
import { quick, syntheticEvents } from "../../support/streams.js";
import { quiet, start, type Running } from "../running.js";

const live = { ...quick, maxKeys: 3 };
const other = { ...quick, cell: "gru" } as const;
const [ofLive, ofOther] = [live, other].map((options) => forecasterSettings(options));
const withoutCandidate: RunOptions = {
  ...{ forecaster: live, late: "drop", snapshot: { everyEvents: 30 }, commit: { maxEvents: 7 } },
};
const both: RunOptions = { ...withoutCandidate, candidate: { forecaster: other } };
const events = syntheticEvents(200, 5);

function append(log: TransactionalLog, from: number, to: number): void {
  for (const { key, time, value } of events.slice(from, to)) {
    log.append(0, {
      ...{ key: Buffer.from(key), timestamp: time, headers: [] },
      value: Buffer.from(JSON.stringify({ value: Number.isNaN(value) ? null : value })),
    });
  }
}

const command = (log: TransactionalLog, model = ofOther!): void =>
  log.say(0, Buffer.from(promotionMessage(model, log.committed(0))));

const textOf = (records: readonly OutputRecord[]): string[] =>
  records.map(({ value }) => Buffer.from(value!).toString());

const typesOf = ({ events }: Running): string[] => events.map(({ type }) => type);

async function stop(running: Running): Promise<void> {
  running.stop.abort();
  await quiet();
  expect(running.outcome()).toBe("completed");
}

/** Promotes the candidate behind the first `count` events, stops, and resets the state to an offset; returns all commits. */
async function promoteAndReset(log: TransactionalLog, count: number, offset: number): Promise<Commit[]> {
  append(log, 0, count);
  const running = start(log, both);
  await quiet();
  command(log);
  await quiet();
  await stop(running);
  expect(log.promotions(0)).toHaveLength(1);
  const { epoch, takeover } = log.takeOver(0, () => true);
  const reset = resetCommit(takeover, ofLive!, offset);
  log.commit(0, epoch, reset, "landed");
  return [...running.commits, reset];
}

async function alone(forecaster: ForecasterOptions): Promise<string[]> {
  const log = new TransactionalLog(1);
  append(log, 0, 200);
  const running = start(log, { ...withoutCandidate, forecaster });
  await quiet();
  await stop(running);
  return textOf(log.visible(0).forecasts);
}

/** The forecasts of both models, with the promotion before a record; `late: drop` and three keys leave the two the same input. */
async function swappedAt(count: number): Promise<{ forecasts: string[]; candidates: string[] }> {
  const [first, second] = [await alone(live), await alone(other)];
  return {
    forecasts: [...first.slice(0, count), ...second.slice(count)],
    candidates: [...second.slice(0, count), ...first.slice(count)],
  };
}

const visible = (log: TransactionalLog): { forecasts: string[]; candidates: string[] } => {
  const { forecasts, candidates } = log.visible(0);
  return { forecasts: textOf(forecasts), candidates: textOf(candidates) };
};

describe("a promotion", () => {
  test("of a running service takes effect at a commit of its own, and is kept by a crash and a restart", async () => {
    const log = new TransactionalLog(1);
    append(log, 0, 100);
    const first = start(log, both);
    await quiet();
    command(log);
    await quiet();
    expect(first.events.at(-1)).toMatchObject({
      type: "promoted",
      offset: 100,
      model: expect.stringMatching(/^gru8@/) as string,
    });
    expect(first.commits.at(-1)).toMatchObject({ forecasts: [], offset: 100, snapshot: { offset: 100 } });
    append(log, 100, 110);
    await quiet();
    first.abandon();
    append(log, 110, 140);
    // The configuration may exchange the two: the state says which one is live.
    const second = start(log, { ...both, forecaster: other, candidate: { forecaster: live } });
    await quiet();
    append(log, 140, 200);
    await quiet();
    await stop(second);
    expect(typesOf(second)).not.toContain("promoted");
    expect(visible(log)).toEqual(await swappedAt(100));
    const state = [...log.state(0)].map(([key, value]) => ({ key, value }));
    expect(readState(state)).toMatchObject({ offset: 200, settings: { cell: "gru" } });
    const outline = new StateOutline();
    for (const { key, value } of state) outline.add(key, value);
    expect(outline.read()).toMatchObject({ offset: 200, settings: { cell: "gru" } });
  });

  test("holds between two commits while the former is on its way", async () => {
    const log = new TransactionalLog(1);
    append(log, 0, 200);
    let commits = 0;
    const running = start(log, both, {
      commit: async () => {
        if (++commits === 9) command(log);
        for (let turn = 0; turn < 5; turn++) await settle();
      },
    });
    while ((log.committed(0) ?? 0) < 200) await settle();
    await quiet();
    await stop(running);
    const [promotion, ...further] = log.promotions(0);
    expect(further).toEqual([]);
    expect(visible(log)).toEqual(await swappedAt(promotion!.at));
  });

  test("whose commit is lost is made by the next owner, and one that landed unheard is not made again", async () => {
    for (const fate of ["lost", "landed-unheard", "in-doubt"] as const) {
      const log = new TransactionalLog(1);
      append(log, 0, 60);
      let faults = 0;
      const running = start(log, both, {
        outcome: () => (log.committed(0) === 60 && faults++ === 0 ? fate : "landed"),
      });
      await quiet();
      command(log);
      await quiet();
      expect(faults).toBeGreaterThan(0);
      // The task restarts after a pause.
      running.clock.turn(60_000);
      await quiet();
      append(log, 60, 200);
      await quiet();
      await stop(running);
      expect(log.promotions(0)).toMatchObject([{ at: 60 }]);
      expect(visible(log)).toEqual(await swappedAt(60));
    }
  });

  test("given while the service is stopped is taken up by its next start, and demote follows it", async () => {
    const log = new TransactionalLog(1);
    append(log, 0, 80);
    await quiet();
    const first = start(log, both);
    await quiet();
    await stop(first);
    command(log);
    const second = start(log, both);
    await quiet();
    append(log, 80, 120);
    await quiet();
    expect(log.promotions(0)).toMatchObject([{ at: 80 }]);
    command(log, ofLive);
    command(log, ofLive);
    await quiet();
    const told = typesOf(second).filter((type) => type === "promoted" || type === "already-live");
    // The second demote finds its model live.
    expect(told).toEqual(["promoted", "promoted", "already-live"]);
    await stop(second);
    expect(log.promotions(0)).toMatchObject([{ at: 80 }, { at: 120 }]);
    const third = start(log, both);
    append(log, 120, 200);
    await quiet();
    await stop(third);
    const [one, two] = [await alone(live), await alone(other)];
    expect(visible(log).forecasts).toEqual([...one.slice(0, 80), ...two.slice(80, 120), ...one.slice(120)]);
  });

  test("of a model that is not there is refused once, and not made up for later", async () => {
    const log = new TransactionalLog(1);
    append(log, 0, 50);
    const first = start(log, withoutCandidate);
    await quiet();
    command(log);
    await quiet();
    expect(first.events.at(-1)).toMatchObject({ type: "promotion-refused", offset: 50 });
    await stop(first);
    const second = start(log, both);
    append(log, 50, 80);
    await quiet();
    await stop(second);
    expect(log.promotions(0)).toEqual([]);
    expect(visible(log).forecasts).toEqual((await alone(live)).slice(0, 80));
  });

  test("given to an earlier state is over after a reset", async () => {
    const log = new TransactionalLog(1);
    append(log, 0, 50);
    const first = start(log, both);
    await quiet();
    append(log, 50, 60);
    command(log);
    await quiet();
    await stop(first);
    expect(log.promotions(0)).toHaveLength(1);
    append(log, 60, 100);
    const { epoch, takeover } = log.takeOver(0, () => true);
    log.commit(0, epoch, resetCommit(takeover, ofLive!, 100), "landed");
    const second = start(log, both);
    append(log, 100, 120);
    await quiet();
    await stop(second);
    expect(log.promotions(0)).toHaveLength(1);
    expect(readState([...log.state(0)].map(([key, value]) => ({ key, value }))).settings["cell"]).toBe(
      "lstm",
    );
  });

  test.each([
    ["an earlier offset", 0],
    ["the same offset", 60],
  ])("that was taken up is over after a reset to %s", async (_, offset) => {
    const log = new TransactionalLog(1);
    await promoteAndReset(log, 60, offset);
    const second = start(log, both);
    append(log, 60, 100);
    await quiet();
    await stop(second);
    expect(typesOf(second)).not.toContain("promoted");
    const after = textOf(log.visible(0).forecasts).slice(60);
    expect(after).toHaveLength(100 - offset);
    expect(after.filter((text) => !text.includes('"model":"lstm8@'))).toEqual([]);
  });

  test("that was refused is over after a start with an empty state", async () => {
    const log = new TransactionalLog(1);
    append(log, 0, 50);
    const first = start(log, withoutCandidate);
    await quiet();
    command(log);
    await quiet();
    expect(first.events.at(-1)).toMatchObject({ type: "promotion-refused" });
    await stop(first);
    const changed = {
      ...both,
      forecaster: { ...live, hidden: 4 },
      recovery: { changedModel: "fresh" },
    } as const;
    for (const end of [70, 90]) {
      const next = start(log, changed);
      append(log, end - 20, end);
      await quiet();
      await stop(next);
      expect(typesOf(next)).not.toContain("promoted");
    }
    expect(log.promotions(0)).toEqual([]);
  });
});

test("a candidate that has learned nothing is not promoted, unless it is forced", async () => {
  const log = new TransactionalLog(1);
  append(log, 0, 100);
  const first = start(log, withoutCandidate);
  await quiet();
  await stop(first);
  const second = start(log, both);
  await quiet();
  command(log);
  await quiet();
  expect(second.events.at(-1)).toMatchObject({
    ...{ type: "promotion-refused", reason: expect.stringContaining("learned nothing yet") as string },
  });
  await stop(second);
  const outline = new StateOutline();
  for (const [key, value] of log.state(0)) outline.add(key, value);
  expect(outline.read()).toMatchObject({ keys: 3, candidate: { keys: 0, version: 0 } });
  const { takeover } = log.takeOver(0, () => true);
  const offline = (isForced: boolean) =>
    promoteCommit(takeover, ofOther!, { where: "partition 0", isForced });
  expect(() => offline(false)).toThrow(/partition 0: the candidate has learned nothing yet/);
  expect(offline(true)).toBeDefined();
  const third = start(log, both);
  await quiet();
  log.say(0, Buffer.from(promotionMessage(ofOther!, 100, true)));
  await quiet();
  expect(third.events.at(-1)).toMatchObject({ type: "promoted", offset: 100 });
  await stop(third);
});

test("learned nothing means less than the live model: keys, or updates of a cell that learns", () => {
  const of = (keys: number, version: number, learning?: string): Learned => ({
    settings: { learning },
    keys,
    version,
  });
  // A partition without input promotes with the others.
  expect(hasLearnedNothing(of(0, 0), of(0, 0))).toBe(false);
  expect(hasLearnedNothing(of(0, 0), of(3, 0))).toBe(true);
  expect(hasLearnedNothing(of(3, 0), of(3, 9))).toBe(true);
  expect(hasLearnedNothing(of(3, 0, "off"), of(3, 9))).toBe(false);
  expect(hasLearnedNothing(of(3, 1), of(9, 9))).toBe(false);
});

/** Puts a state in the place of the one found, as `state import` does. Returns the commit. */
function importState(log: TransactionalLog, records: readonly StateRecord[], committed: number): Commit {
  const { epoch, takeover } = log.takeOver(0, () => true);
  const exported = { partition: 0, committed, records };
  const commit = importCommit(takeover, exported, committed, { end: log.feedback(0).length });
  log.commit(0, epoch, commit, "landed");
  return commit;
}

const recordsOf = (log: TransactionalLog): StateRecord[] =>
  [...log.state(0)].map(([key, value]) => ({ key, value }));

describe("an import", () => {
  test.each([true, false])(
    "of a state from before a promotion ends the command, whether the state was lost meanwhile: %s",
    async (isLost) => {
      const log = new TransactionalLog(1);
      append(log, 0, 60);
      const first = start(log, both);
      await quiet();
      await stop(first);
      const exported = recordsOf(log);
      const second = start(log, both);
      await quiet();
      command(log);
      await quiet();
      append(log, 60, 100);
      await quiet();
      await stop(second);
      expect(log.promotions(0)).toHaveLength(1);
      if (isLost) log.loseState(0);
      importState(log, exported, 100);
      const third = start(log, both);
      append(log, 100, 130);
      await quiet();
      expect(typesOf(third)).not.toContain("promoted");
      // A later command holds.
      command(log);
      await quiet();
      expect(typesOf(third)).toContain("promoted");
      append(log, 130, 150);
      await quiet();
      await stop(third);
      const [ofFirst, ofSecond] = [await alone(live), await alone(other)];
      expect(visible(log).forecasts.slice(100)).toEqual([
        ...ofFirst.slice(100, 130),
        ...ofSecond.slice(130, 150),
      ]);
    },
  );

  test("of a state without roles is explained by the model that was imported, and what was before by the one before", async () => {
    const log = new TransactionalLog(1);
    append(log, 0, 40);
    const before = start(log, withoutCandidate);
    await quiet();
    await stop(before);
    const exported = recordsOf(log);
    const first = start(log, both);
    append(log, 40, 60);
    await quiet();
    command(log);
    await quiet();
    append(log, 60, 100);
    await quiet();
    await stop(first);
    const imported = importState(log, exported, 100);
    const second = start(log, withoutCandidate);
    append(log, 100, 150);
    await quiet();
    await stop(second);
    const commits = [...before.commits, ...first.commits, imported, ...second.commits];
    const state = commits.flatMap(({ snapshot }) => snapshot?.records ?? []);
    const forecasts = textOf(log.visible(0).forecasts);
    const settings = pipelineSettings({ late: "drop" });
    for (const offset of [100, 120, 149]) {
      const past = new PastState(offset);
      for (const { key, value } of state) past.add(key, value);
      const found = past.read()!;
      const explained = await explainForecast(inputOf(log, found.offset), offset, {
        ...{ settings, origin: { topic: "readings", partition: 0 } },
        ...{ model: forecasterSettings(found.settings), state: found },
        ...{ candidate: past.readCandidate(found), roles: past.roles },
      });
      expect(explained.model).toMatch(/^lstm8/);
      expect([offset, Buffer.from(explained.record.value!).toString()]).toEqual([offset, forecasts[offset]]);
    }
    const roles = readRoles({ key: "roles", value: state.findLast(({ key }) => key === "roles")!.value! });
    expect(livePlace(roles, 39)).toBe("");
    expect(livePlace(roles, 149)).toBe("");
    // A replay cannot cross the import.
    await expect(
      explainForecast(inputOf(log, 0), 120, {
        ...{ model: ofLive!, settings, state: undefined, roles },
        origin: { topic: "readings", partition: 0 },
      }),
    ).rejects.toMatchObject({ code: "HISTORY_MISSING" });
  });
});

test("a record of a promotion is told from all others", () => {
  const text = promotionMessage(ofOther!, 7);
  expect(readPromotion(Buffer.from(text))).toMatchObject({ given: 7, settings: { cell: "gru" } });
  expect(readPromotion(Buffer.from(promotionMessage(ofOther!, undefined)))).toMatchObject({
    ...{ given: null, isForced: false },
  });
  expect(readPromotion(Buffer.from(promotionMessage(ofOther!, 7, true)))).toMatchObject({ isForced: true });
  expect(readIncident(Buffer.from(text))).toBeUndefined();
  for (const wrong of [null, "", "null", "[1]", '{"command":"promote"}', '{"command":"stop","model":{}}']) {
    expect(readPromotion(wrong === null ? null : Buffer.from(wrong))).toBeUndefined();
  }
});

test("the history keeps the newest thousand changes, and from where on it has them", () => {
  let history: RoleHistory | undefined;
  for (let at = 0; at < 1100; at++) {
    history = withRole(history, {
      at,
      place: at % 2 === 0 ? "" : "candidate:",
      live: true,
      settings: ofLive!,
      former: ofOther!,
    });
  }
  expect(history).toMatchObject({ since: 100, changes: { length: 1000 }, models: { length: 2 } });
});

/** A stream of two keys with faults, which only the live model watches for. */
async function withIncidents(): Promise<{
  log: TransactionalLog;
  state: { key: string; value: Uint8Array | null }[];
}> {
  const log = new TransactionalLog(1);
  const state: { key: string; value: Uint8Array | null }[] = [];
  const add = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const fault = i >= 400 && i < 420 ? 50 : 0;
      log.append(0, {
        ...{ key: Buffer.from(`key-${i % 2}`), timestamp: 60_000 * i, headers: [] },
        value: Buffer.from(JSON.stringify({ value: Math.sin(i * i) + fault })),
      });
    }
  };
  const detection = { direction: "both" } as const;
  const options: RunOptions = {
    forecaster: { ...live, alarmRate: 0.01, detection },
    candidate: { forecaster: { ...other, alarmRate: 0.01, detection: { enabled: false } } },
    snapshot: { everyEvents: 50 },
  };
  add(0, 410);
  const running = start(log, options);
  await quiet();
  command(log, forecasterSettings({ ...other, alarmRate: 0.01, detection: { enabled: false } }));
  await quiet();
  command(log, forecasterSettings({ ...live, alarmRate: 0.01, detection }));
  await quiet();
  add(410, 700);
  await quiet();
  await stop(running);
  for (const { snapshot } of running.commits) state.push(...(snapshot?.records ?? []));
  return { log, state };
}

const inputOf = async function* (log: TransactionalLog, from: number): AsyncGenerator<InputBatch> {
  for (let next = from; ;) {
    const batch = await Promise.resolve(log.poll(0, next, 13));
    if (batch === undefined) return;
    yield batch;
    next = batch.nextOffset;
  }
};

test("a promotion closes incidents that the live model does not know, opens those that only it knows, and is explained", async () => {
  const { log, state } = await withIncidents();
  expect(log.promotions(0)).toMatchObject([{ at: 410 }, { at: 410 }]);
  const told = log.visible(0).incidents.map(({ value }) => readIncident(value)!);
  const changesOf = (id: string): IncidentMessage["change"][] =>
    told.filter((one) => one.id === id).map(({ change }) => change);
  const [first] = told;
  expect(changesOf(first!.id).filter((change) => change !== "updated")).toEqual([
    "opened",
    "closed",
    "opened",
    "closed",
  ]);
  const past = new PastState(400);
  for (const { key, value } of state) past.add(key, value);
  const found = past.read();
  expect(found!.offset).toBeGreaterThan(300);
  const offset = Number(first!.id.split("-").at(-1));
  const derived = await explainIncident(
    inputOf(log, found!.offset),
    { id: first!.id, topic: "readings", partition: 0, offset },
    {
      ...{ model: forecasterSettings(found!.settings), settings: pipelineSettings(), state: found },
      ...{ candidate: past.readCandidate(found), roles: past.roles },
    },
  );
  const written = log.visible(0).incidents.filter(({ value }) => readIncident(value)?.id === first!.id);
  // Up to where the first promotion closes it.
  expect(textOf(derived.changes)).toEqual(textOf(written).slice(0, derived.changes.length));
  expect(readIncident(derived.changes.at(-1)!.value)!.change).toBe("closed");
});

describe("explain", () => {
  /** A log whose state topic was never compacted: promoted at 70, demoted at 130. */
  async function promoted(): Promise<{
    log: TransactionalLog;
    state: { key: string; value: Uint8Array | null }[];
  }> {
    const log = new TransactionalLog(1);
    append(log, 0, 40);
    const first = start(log, withoutCandidate);
    await quiet();
    await stop(first);
    append(log, 40, 70);
    const second = start(log, both);
    await quiet();
    command(log);
    await quiet();
    append(log, 70, 130);
    await quiet();
    command(log, ofLive);
    await quiet();
    append(log, 130, 200);
    await quiet();
    await stop(second);
    const state = [...first.commits, ...second.commits].flatMap(({ snapshot }) => snapshot?.records ?? []);
    return { log, state: [...state] };
  }

  test.each([
    ["from snapshots", false],
    ["from the first record, where compaction left no snapshot", true],
  ])("derives every forecast again across promotions, %s", async (_, compacted) => {
    const { log, state } = await promoted();
    const forecasts = textOf(log.visible(0).forecasts);
    expect(log.promotions(0)).toMatchObject([{ at: 70 }, { at: 130 }]);
    const settings = pipelineSettings({ late: "drop" });
    const options: Omit<ExplainOptions, "state"> = {
      ...{
        model: modelSettings(live, settings.decode),
        settings,
        origin: { topic: "readings", partition: 0 },
      },
    };
    const offsets = [0, 39, 40, 41, 69, 70, 71, 99, 129, 130, 131, 199];
    for (const offset of offsets) {
      const past = new PastState(offset);
      for (const { key, value } of state) {
        if (!compacted || key === "roles") past.add(key, value);
      }
      const found = compacted ? undefined : past.read();
      if (!compacted && offset > 0) expect(found).toBeDefined();
      const explained = await explainForecast(inputOf(log, found?.offset ?? 0), offset, {
        ...options,
        ...(found && { model: forecasterSettings(found.settings) }),
        ...{ state: found, candidate: past.readCandidate(found), roles: past.roles },
      });
      const isPromoted = offset >= 70 && offset < 130;
      expect(explained.model).toMatch(isPromoted ? /^gru8/ : /^lstm8/);
      expect([offset, Buffer.from(explained.record.value!).toString()]).toEqual([offset, forecasts[offset]]);
    }
  });

  test.each([
    ["from snapshots", false],
    ["from the first record", true],
  ])("leaves out promotions that a reset to an earlier offset has ended, %s", async (_, compacted) => {
    const log = new TransactionalLog(1);
    const earlier = await promoteAndReset(log, 100, 0);
    const second = start(log, both);
    append(log, 100, 150);
    await quiet();
    await stop(second);
    const commits = [...earlier, ...second.commits];
    const state = commits.flatMap(({ snapshot }) => snapshot?.records ?? []);
    const forecasts = textOf(log.visible(0).forecasts).slice(100);
    const settings = pipelineSettings({ late: "drop" });
    for (const offset of [50, 99, 100, 101, 149]) {
      const past = new PastState(offset);
      for (const { key, value } of state) if (!compacted || key === "roles") past.add(key, value);
      const found = compacted ? undefined : past.read();
      const explained = await explainForecast(inputOf(log, found?.offset ?? 0), offset, {
        ...{ settings, origin: { topic: "readings", partition: 0 } },
        model:
          found === undefined ? modelSettings(live, settings.decode) : forecasterSettings(found.settings),
        ...{ state: found, candidate: past.readCandidate(found), roles: past.roles },
      });
      expect([offset, Buffer.from(explained.record.value!).toString()]).toEqual([offset, forecasts[offset]]);
    }
  });

  test("says that promotions are forgotten, and where they are not", async () => {
    const { log, state } = await promoted();
    const record = state.findLast(({ key }) => key === "roles")!;
    const roles = { ...readRoles({ key: "roles", value: record.value! }), since: 60 };
    const settings = pipelineSettings({ late: "drop" });
    await expect(
      explainForecast(inputOf(log, 0), 50, {
        ...{ model: modelSettings(live, settings.decode), settings, state: undefined, roles },
        origin: { topic: "readings", partition: 0 },
      }),
    ).rejects.toMatchObject({ code: "HISTORY_MISSING" });
  });
});
