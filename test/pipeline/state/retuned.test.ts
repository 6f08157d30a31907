/** A state that is taken over with another learning rate: what a start with `changedModel: migrate` makes durable. */
import { expect, test } from "vitest";
import { append, filled, quiet, start } from "../running.js";

const forecaster = { hidden: 4, readout: "shared" } as const;
const retuned = { ...forecaster, learningRate: 0.02 };

test("a state whose tuning was changed is replayed as it was, and then durable under the new settings before any record", async () => {
  const log = filled(40);
  const first = start(log, { forecaster, snapshot: { everyEvents: 20 }, commit: { maxEvents: 10 } });
  await quiet();
  first.abandon();
  await quiet();
  append(log, 6);
  const second = start(log, { forecaster: retuned, recovery: { changedModel: "migrate" } });
  await quiet();
  expect(second.outcome()).toBeUndefined();
  expect(second.events[1]).toMatchObject({ type: "taken-over", plan: "migrate", keys: 3, liveFrom: 40 });
  const [taken, ...further] = second.commits;
  expect(taken).toMatchObject({ forecasts: [], deadLetters: [], routed: [], offset: 40 });
  expect(taken!.snapshot).toMatchObject({ offset: 40 });
  expect(taken!.snapshot!.records.map(({ key }) => key).sort()).toEqual([
    "key:key-0",
    "key:key-1",
    "key:key-2",
    "model",
  ]);
  expect(further.map(({ snapshot }) => snapshot)).toEqual([undefined, undefined]);
  expect(further.flatMap(({ forecasts }) => forecasts)).toHaveLength(6);
  second.abandon();
  await quiet();
  // The new settings are those of the state from now on.
  const third = start(log, { forecaster: retuned });
  await quiet();
  expect(third.events[1]).toMatchObject({ plan: "resume", keys: 3, from: 40, liveFrom: 46 });
});
