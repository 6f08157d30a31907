/** Changed tuning beside a candidate: which model has which role, and what becomes of the candidate's state. */
import { expect, test } from "vitest";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { signedSettings } from "../../../src/forecast/snapshot/signature.js";
import type { StateRecord } from "../../../src/pipeline/ports.js";
import type { RunOptions } from "../../../src/pipeline/run.js";
import { promotionMessage } from "../../../src/pipeline/state/promotion.js";
import { splitRoles } from "../../../src/pipeline/state/roles.js";
import { readState } from "../../../src/pipeline/state/state-records.js";
import { rolesOf } from "../../../src/pipeline/task/recovery.js";
import { TransactionalLog } from "../../simulate/log.js";
import { quick, syntheticEvents } from "../../support/streams.js";
import { quiet, start, type Running } from "../running.js";

const events = syntheticEvents(300, 5);
const model: ForecasterOptions = { ...quick, alarmRate: 0.01 };
const other: ForecasterOptions = { ...quick, alarmRate: 0.02 };

function append(log: TransactionalLog, from: number, to: number): void {
  for (const { key, time, value } of events.slice(from, to)) {
    log.append(0, {
      ...{ key: Buffer.from(key), timestamp: time, headers: [] },
      value: Buffer.from(JSON.stringify({ value: Number.isNaN(value) ? null : value })),
    });
  }
}

async function stop(running: Running): Promise<void> {
  running.stop.abort();
  await quiet();
  expect(running.outcome()).toBe("completed");
}

/** Runs both models, promotes the candidate if asked for, and goes on with other settings. */
async function changed(
  isPromoted: boolean,
  { forecaster, candidate }: { forecaster: ForecasterOptions; candidate: ForecasterOptions },
  changedModel: "fail" | "migrate" = "migrate",
): Promise<{ log: TransactionalLog; second: Running }> {
  const log = new TransactionalLog(1);
  append(log, 0, 150);
  const first = start(log, { forecaster: model, candidate: { forecaster: other } });
  await quiet();
  if (isPromoted) log.say(0, Buffer.from(promotionMessage(forecasterSettings(other), 150)));
  await quiet();
  await stop(first);
  const options: RunOptions = {
    forecaster,
    candidate: { forecaster: candidate },
    recovery: { changedModel },
  };
  const second = start(log, options);
  append(log, 150, 200);
  await quiet();
  return { log, second };
}

const statesOf = (
  log: TransactionalLog,
): Readonly<Record<"live" | "candidate", ReturnType<typeof readState>>> => {
  const records = [...log.state(0)].map(([key, value]): StateRecord => ({ key, value }));
  const { live, candidate } = splitRoles(records);
  return { live: readState(live), candidate: readState(candidate) };
};

test.each([false, true])(
  "the models keep roles and states where the candidate is tuned, promoted: %s",
  async (isPromoted) => {
    const { log, second } = await changed(isPromoted, {
      forecaster: model,
      candidate: { ...other, alarmRate: 0.03 },
    });
    await stop(second);
    const { live, candidate } = statesOf(log);
    const rates = [live, candidate].map(({ settings }) => settings["alarmRate"]);
    expect(rates).toEqual(isPromoted ? [0.03, 0.01] : [0.01, 0.03]);
    expect(candidate).toMatchObject({ version: live.version, keys: { length: 5 } });
    const [message] = log.visible(0).candidates.slice(150);
    expect((JSON.parse(Buffer.from(message!.value!).toString()) as { model: string }).model).toMatch(
      /@[1-9]/,
    );
    expect(log.promotions(0)).toHaveLength(isPromoted ? 1 : 0);
  },
);

test.each([false, true])("both are tuned by a setting that they share, promoted: %s", async (isPromoted) => {
  const { log, second } = await changed(isPromoted, {
    forecaster: { ...model, learningRate: 0.004 },
    candidate: { ...other, learningRate: 0.004 },
  });
  await stop(second);
  const { live, candidate } = statesOf(log);
  const rates = [live, candidate].map(({ settings }) => settings["alarmRate"]);
  expect(rates).toEqual(isPromoted ? [0.02, 0.01] : [0.01, 0.02]);
  expect(candidate.version).toBe(live.version);
  for (const { settings } of [live, candidate]) expect(settings["learningRate"]).toBe(0.004);
  // A replay from the snapshot, and a restart, give the same.
  const third = start(log, {
    forecaster: { ...model, learningRate: 0.004 },
    candidate: { forecaster: { ...other, learningRate: 0.004 } },
  });
  append(log, 200, 300);
  await quiet();
  await stop(third);
  expect(statesOf(log).candidate.version).toBeGreaterThan(candidate.version);
});

test("a changed tuning of a promoted model is refused by its own name", async () => {
  const { second } = await changed(
    true,
    { forecaster: model, candidate: { ...other, alarmRate: 0.03 } },
    "fail",
  );
  expect(second.outcome()).toMatchObject({ code: "SNAPSHOT_FOREIGN" });
  expect((second.outcome() as Error).message).toContain("alarmRate is 0.02 in the snapshot and 0.03 here");
});

test("roles go by both states, and an exact match decides first", () => {
  const [a, b] = [forecasterSettings(model), forecasterSettings(other)];
  const models = { forecaster: a, candidate: b };
  const swapped = { forecaster: b, candidate: a };
  const tuned = (settings: object): Record<string, unknown> => ({
    ...signedSettings(settings),
    learningRate: 0.5,
  });
  expect(rolesOf(undefined, models)).toEqual(models);
  expect(rolesOf({ settings: signedSettings(a), candidate: signedSettings(b) }, models)).toEqual(models);
  expect(rolesOf({ settings: signedSettings(b), candidate: signedSettings(a) }, models)).toEqual(swapped);
  expect(rolesOf({ settings: signedSettings(b), candidate: tuned(b) }, models)).toEqual(swapped);
  expect(rolesOf({ settings: tuned(b), candidate: tuned(a) }, models)).toEqual(swapped);
  expect(rolesOf({ settings: tuned(b), candidate: undefined }, models)).toEqual(swapped);
  expect(rolesOf({ settings: tuned(a), candidate: tuned(b) }, models)).toEqual(models);
  expect(rolesOf({ settings: { ...tuned(a), alarmRate: 0.7 }, candidate: undefined }, models)).toEqual(
    models,
  );
});
