/** Settings that change while a pipeline runs: from which offset they hold, and what a crash makes of it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { ModelControl } from "../../../src/pipeline/state/model-control.js";
import { readState } from "../../../src/pipeline/state/state-records.js";
import type { TransactionalLog } from "../../simulate/log.js";
import { append, filled, quiet, start, type Running } from "../running.js";

const before = { hidden: 4, readout: "shared", cell: "gru" } as const;
const after: ForecasterOptions = {
  ...before,
  // Changes forecasts at once; scores begin with the 100th value of a key.
  bounds: { min: 3.5 },
  alarmRate: 0.05,
  detection: { direction: "above", confirm: { count: 2, of: 3 } },
};
const migrate = { recovery: { changedModel: "migrate" } } as const;

const retunedAt = ({ events }: Running): number[] =>
  events.flatMap((event) => (event.type === "retuned" ? [event.offset] : []));

async function stop(running: Running): Promise<void> {
  running.stop.abort();
  await quiet();
  expect(running.outcome()).toBe("completed");
}

/** What is written where a service is stopped at an offset and started again with the other settings. */
async function restartedAt(offset: number, count: number): Promise<TransactionalLog> {
  const log = filled(offset);
  const first = start(log, { forecaster: before });
  await quiet();
  await stop(first);
  const second = start(log, { forecaster: after, ...migrate });
  await quiet();
  append(log, count - offset, offset);
  await quiet();
  await stop(second);
  return log;
}

test("the settings of these tests make other forecasts", async () => {
  const [early, late] = [await restartedAt(60, 200), await restartedAt(199, 200)];
  expect(early.visible(0).forecasts).not.toEqual(late.visible(0).forecasts);
});

test("settings hold from a commit on, as after a restart with them, whatever crashes around it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 240 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom("none", "before", "after"),
      async (changed, maxEvents, crash) => {
        const log = filled(changed);
        const control = new ModelControl(forecasterSettings(before));
        const options = { forecaster: before, control, commit: { maxEvents }, ...migrate };
        const running = [start(log, { ...options, snapshot: { everyEvents: 50 } })];
        await quiet();
        if (crash === "before") running[0]!.abandon();
        control.retune(forecasterSettings(after));
        if (crash === "after") {
          await quiet();
          expect(retunedAt(running[0]!)).toEqual([changed]);
          running[0]!.abandon();
        }
        await quiet();
        if (crash !== "none") running.push(start(log, options));
        await quiet();
        append(log, 300 - changed, changed);
        await quiet();
        await stop(running.at(-1)!);
        const oracle = await restartedAt(changed, 300);
        expect(log.visible(0)).toEqual(oracle.visible(0));
      },
    ),
    { numRuns: 6 },
  );
});

test("the state carries the settings, so that a later start needs no permission to migrate", async () => {
  const log = filled(40);
  const control = new ModelControl(forecasterSettings(before));
  const running = start(log, { forecaster: before, control });
  await quiet();
  control.retune(forecasterSettings(after));
  await quiet();
  const records = [...log.state(0)].map(([key, value]) => ({ key, value }));
  expect(readState(records)).toMatchObject({ offset: 40, settings: { alarmRate: 0.05 } });
  running.abandon();
  await quiet();
  const next = start(log, { forecaster: after });
  await quiet();
  expect(next.events[1]).toMatchObject({ type: "taken-over", plan: "resume", from: 40 });
  await stop(next);
});

test("a hook that is under way ends first, and its commit has the old settings", async () => {
  const log = filled(16);
  const control = new ModelControl(forecasterSettings(before));
  const hook: { open?: () => void } = {};
  const running = start(log, {
    forecaster: before,
    control,
    afterBatch: async () => {
      await new Promise<void>((resolve) => (hook.open = resolve));
      return [];
    },
  });
  await quiet();
  control.retune(forecasterSettings(after));
  await quiet();
  expect(retunedAt(running)).toEqual([]);
  hook.open!();
  await quiet();
  expect(retunedAt(running)).toEqual([16]);
  await stop(running);
});

test("a setting that the state depends on is refused, and nothing changes", async () => {
  const log = filled(20);
  const model = forecasterSettings(before);
  const control = new ModelControl(model);
  const running = start(log, { forecaster: before, control });
  await quiet();
  expect(() => control.retune(forecasterSettings({ ...after, hidden: 8, horizon: 2 }))).toThrow(
    expect.objectContaining({
      code: "SETTING_INVALID",
      message: expect.stringMatching(/hidden, horizon|horizon, hidden/) as string,
    }),
  );
  control.retune(forecasterSettings(before));
  await quiet();
  expect(control.model).toBe(model);
  expect(retunedAt(running)).toEqual([]);
  await stop(running);
});
