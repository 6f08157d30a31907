import fc from "fast-check";
import { expect, test } from "vitest";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { explainForecast } from "../../src/pipeline/explain.js";
import type { InputBatch, InputRecord, OutputRecord } from "../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings } from "../../src/pipeline/settings.js";
import { Stage } from "../../src/pipeline/task/stage.js";
import { PastState, writeState } from "../../src/pipeline/state/state-records.js";
import { quick, syntheticEvents } from "../support/streams.js";

const origin = { topic: "readings", partition: 3 };
const settings = pipelineSettings({ decode: { value: "value", time: "time" } });
const model = modelSettings(quick, settings.decode);
/** Fewer keys than there are: they are forgotten and begin again all the time. */
const bounded = modelSettings({ ...quick, maxKeys: 3 }, settings.decode);
const count = 300;

/** Readings with a record that is none here and there, and offsets that are not all there. */
const records = syntheticEvents(count, 5).map(({ key, time, value }, i): InputRecord => {
  const bad = i % 41 === 40;
  const text = bad ? "{" : JSON.stringify({ value: Number.isNaN(value) ? null : value, time });
  return { offset: 2 * i, timestamp: 1000 + i, key: Buffer.from(key), value: Buffer.from(text), headers: [] };
});

interface Written {
  readonly forecasts: ReadonlyMap<number, OutputRecord>;
  /** The state topic, as if never compacted. */
  readonly state: readonly { readonly key: string; readonly value: Uint8Array | null }[];
  /** Offsets of the snapshots. */
  readonly snapshots: readonly number[];
}

/** What a service writes that cuts its input into batches of `batch`, with a snapshot after each `every` of them. */
function write(batch: number, every: number, using = model): Written {
  const forecaster = new Forecaster(using);
  const stage = new Stage(forecaster, settings, origin);
  const forecasts = new Map<number, OutputRecord>();
  const state: { key: string; value: Uint8Array | null }[] = [];
  const snapshots: number[] = [];
  for (let begin = 0, batches = 1; begin < count; begin += batch, batches++) {
    const some = records.slice(begin, begin + batch);
    const taken = stage.process(some);
    for (const forecast of taken.forecasts) forecasts.set(2 * (forecast.timestamp - 1000), forecast);
    if (batches % every !== 0) continue;
    const snapshot = writeState(some.at(-1)!.offset + 1, forecaster);
    state.push(...snapshot.records);
    snapshots.push(snapshot.offset);
  }
  forecaster.dispose();
  return { forecasts, state, snapshots };
}

/** As a message has it. */
const told = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;
const toldTime = (time: number | undefined): string | null =>
  time === undefined || Number.isNaN(time) ? null : new Date(time).toISOString();

async function* inputFrom(offset: number, batch: number): AsyncGenerator<InputBatch> {
  const rest = records.filter((record) => record.offset >= offset);
  for (let begin = 0; begin < rest.length; begin += batch) {
    const some = rest.slice(begin, begin + batch);
    const nextOffset = some.at(-1)!.offset + 1;
    yield await Promise.resolve({ records: some, nextOffset, endOffset: 2 * count });
  }
}

test("any forecast of a run is derived again to the byte, from whatever snapshot is before it", async () => {
  const sizes = fc.integer({ min: 1, max: 60 });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.integer({ min: 1, max: 9 }),
      sizes,
      fc.nat(count - 1),
      fc.constantFrom(model, bounded),
      async (batch, every, other, i, using) => {
        const { forecasts, state, snapshots } = write(batch, every, using);
        const offset = 2 * i;
        const past = new PastState(offset);
        for (const { key, value } of state) past.add(key, value);
        const found = past.read();
        expect(found?.offset).toBe(snapshots.findLast((at) => at <= offset));
        const explained = explainForecast(inputFrom(found?.offset ?? 0, other), offset, {
          model: using,
          settings,
          origin,
          state: found,
        });
        const expected = forecasts.get(offset);
        if (expected === undefined) {
          await expect(explained).rejects.toMatchObject({
            code: "HISTORY_MISSING",
            message: expect.stringContaining("RECORD_UNREADABLE") as string,
          });
          return;
        }
        const explanation = await explained;
        const { record, next, expected: before, from, snapshot, replayed } = explanation;
        expect(Buffer.from(record.value!).toString()).toBe(Buffer.from(expected.value!).toString());
        expect(snapshot).toBe(found !== undefined);
        expect(from).toBe(found?.offset ?? 0);
        expect(replayed).toBe(records.filter((one) => one.offset >= from && one.offset < offset).length);
        for (const part of [before, next]) {
          if (part === undefined) continue;
          const sum = part.experts.reduce((total, { weight, forecast }) => total + weight * forecast, 0);
          expect(Math.abs(sum - part.forecast)).toBeLessThan(1e-5 * part.scale + 1e-9 * Math.abs(sum));
          expect(part.experts.reduce((total, { weight }) => total + weight, 0)).toBeCloseTo(1, 6);
        }
        const message = JSON.parse(Buffer.from(record.value!).toString()) as Record<string, unknown>;
        expect(message).toMatchObject({
          key: explanation.key,
          time: toldTime(explanation.time),
          value: told(explanation.value),
          yhat: told(next?.forecast),
          yhat_lower: told(next?.lower),
          yhat_upper: told(next?.upper),
          yhat_time: toldTime(next?.time),
          expected: told(before?.forecast),
          anomaly_score: told(explanation.anomalyScore),
          model: explanation.model,
        });
        expect(explanation).toMatchObject({ ...origin, offset });
        if (before?.lower !== undefined && !Number.isNaN(before.lower)) {
          expect(before.lower).toBeLessThanOrEqual(before.forecast);
          expect(before.upper).toBeGreaterThanOrEqual(before.forecast);
        }
        const version = Number(explanation.model.split("@")[1]);
        // An update within the replay is the last one, or there was none.
        if (explanation.lastUpdate !== undefined) expect(explanation.lastUpdate.version).toBe(version);
        else if (!snapshot) expect(version).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});

test("a snapshot that compaction has taken a record of is none, and an offset without a record has no forecast", async () => {
  const { state } = write(30, 2);
  const past = new PastState(200);
  state.forEach(({ key, value }, i) => {
    if (i !== 1) past.add(key, value);
  });
  expect(past.read()).toBeUndefined();
  const options = { model, settings, origin, state: undefined };
  for (const offset of [7, 2 * count]) {
    await expect(explainForecast(inputFrom(0, 50), offset, options)).rejects.toMatchObject({
      code: "HISTORY_MISSING",
    });
  }
});
