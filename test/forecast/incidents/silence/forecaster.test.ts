/** Silences as part of a forecaster: their setting, batches, snapshots and eviction. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  appendObservation,
  forecastColumns,
  numberRows,
  observationColumns,
} from "../../../../src/forecast/columns.js";
import { Forecaster } from "../../../../src/forecast/forecaster.js";
import { createForecaster, type Observation } from "../../../../src/forecast/objects.js";
import { forecasterSettings, type ForecasterOptions } from "../../../../src/forecast/settings.js";
import { arrivals, ordinaryGaps } from "../../../support/arrivals.js";
import { quick } from "../../../support/streams.js";

const minute = 60_000;
const settings = { ...quick, detection: { silence: true } } satisfies ForecasterOptions;

const create = (options: ForecasterOptions = {}): Forecaster =>
  new Forecaster(forecasterSettings({ ...settings, ...options }));

/** Eight keys once a minute; key 3 pauses, key 5 ends. */
const all = arrivals(ordinaryGaps["regular"]!, 8, 1200, 1).map(({ key, time }, at) => ({
  key: `key-${key}`,
  time,
  value: at % 17 === 0 ? NaN : Math.sin(at),
}));
const from = all[500]!.time;
const events = all.filter(
  ({ key, time }) =>
    (key !== "key-3" || time < from || time > from + 30 * minute) && (key !== "key-5" || time < from),
);

interface Told {
  readonly event: number;
  readonly key: string;
  readonly change: string;
  readonly incident: object;
}

/** The silences that events begin and end, taken in batches of these sizes (the last repeats). */
function silencesOf(forecaster: Forecaster, first = 0, to = events.length, batches = [300]): Told[] {
  const told: Told[] = [];
  for (let begin = first, batch = 0; begin < to; batch++) {
    const size = Math.min(batches[Math.min(batch, batches.length - 1)]!, to - begin);
    const observations = observationColumns(size);
    forecaster.release();
    for (const { key, time, value } of events.slice(begin, begin + size)) {
      appendObservation(observations, forecaster.slotOf(key), time, value);
    }
    numberRows(observations, begin);
    forecaster.observe(observations, forecastColumns(size));
    for (const { row, slot, change, incident } of forecaster.incidentChanges) {
      if (incident.kind !== "silence") continue;
      told.push({ event: begin + row, key: forecaster.keyOf(slot), change, incident });
    }
    begin += size;
  }
  return told;
}

function fresh(options?: ForecasterOptions, batches?: number[]): Told[] {
  const forecaster = create(options);
  try {
    return silencesOf(forecaster, 0, events.length, batches);
  } finally {
    forecaster.dispose();
  }
}

const lastOf = (key: string): number =>
  events.findLastIndex((event) => event.key === key && event.time < from);

describe("a forecaster that watches for silence", () => {
  test("tells which keys do not come, with the position of their last events", () => {
    const told = fresh();
    expect(told.map(({ key, change }) => `${key} ${change}`).sort()).toEqual([
      "key-3 closed",
      "key-3 opened",
      "key-5 opened",
    ]);
    const [opened, closed] = told.filter(({ key }) => key === "key-3");
    expect(opened!.incident).toMatchObject({
      position: lastOf("key-3"),
      kind: "silence",
      state: "open",
      settled: true,
      direction: undefined,
    });
    expect(closed!.incident).toMatchObject({ position: lastOf("key-3"), state: "closed" });
    expect(events[closed!.event]!.key).toBe("key-3");
  });

  test("tells the same however events are cut into batches", () => {
    const whole = fresh();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }), (batches) => {
        expect(fresh({}, batches)).toEqual(whole);
      }),
      { numRuns: 6 },
    );
  });

  test("goes on with the same silences where it is restored, from a snapshot or from changes of one", () => {
    const whole = fresh();
    const spots = whole.flatMap(({ event }) => [event - 1, event, event + 1]);
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...spots), fc.nat(events.length)), fc.boolean(), (cut, whole_) => {
        const first = create();
        const records = new Map<string | undefined, Uint8Array | null>();
        const keep = (): void => first.changes().forEach(({ key, bytes }) => records.set(key, bytes));
        const early = silencesOf(first, 0, cut >> 1);
        keep();
        const before = [...early, ...silencesOf(first, cut >> 1, cut)];
        keep();
        const parts = [...records.values()].filter((bytes) => bytes !== null);
        const second = create();
        second.restore(whole_ ? first.snapshot() : new Uint8Array(Buffer.concat(parts)));
        expect([...before, ...silencesOf(second, cut)]).toEqual(whole);
        first.dispose();
        second.dispose();
      }),
      { numRuns: 10 },
    );
  });

  test("ends the silence of a key that it forgets", () => {
    const told = fresh({ maxKeys: 7 });
    const counts = new Map<string, number>();
    for (const { key, change } of told) {
      const open = (counts.get(key) ?? 0) + (change === "opened" ? 1 : -1);
      expect(open === 0 || open === 1).toBe(true);
      counts.set(key, open);
    }
  });

  test("tells nothing where the setting is off, and takes no room", () => {
    const off = create({ detection: {} });
    expect(silencesOf(off)).toEqual([]);
    const on = create();
    expect(on.bytesPerKey - off.bytesPerKey).toBe(108);
    off.dispose();
    on.dispose();
  });

  test("begins anew with a state that was made without it, and drops what it knew where it is turned off", () => {
    const off = create({ detection: {} });
    silencesOf(off, 0, 200);
    const on = create();
    on.restore(off.snapshot(), { anyTuning: true });
    expect(silencesOf(on, 200).map(({ key }) => key)).toContain("key-5");
    const again = create({ detection: {} });
    again.restore(on.snapshot(), { anyTuning: true });
    expect(again.keyCount).toBe(8);
    for (const one of [off, on, again]) one.dispose();
  });

  test("keeps what users said is fine in its state", () => {
    const first = create();
    silencesOf(first, 0, 400);
    first.expectIncidents(first.slotOf("key-5"), "silence", Infinity);
    const second = create();
    second.restore(first.snapshot());
    const told = [...silencesOf(second, 400)];
    expect(told.map(({ key }) => key)).toEqual(["key-3", "key-3"]);
    first.dispose();
    second.dispose();
  });
});

test("the library names a silence by the key's last event", () => {
  const ids: string[] = [];
  const forecaster = createForecaster({
    ...settings,
    onIncident: ({ id, change }) => ids.push(`${id} ${change}`),
  });
  const observations: Observation[] = events.map(({ key, time, value }) => ({ key, time, value }));
  forecaster.observe(observations);
  const count = events.filter(({ key, time }) => key === "key-5" && time < from).length;
  expect(ids).toContain(`key-5-${count - 1}-silence opened`);
  forecaster.dispose();
});

test("users of the library say what is fine", () => {
  const ids: string[] = [];
  const forecaster = createForecaster({ ...settings, onIncident: ({ id }) => ids.push(id) });
  const observations: Observation[] = events.map(({ key, time, value }) => ({ key, time, value }));
  forecaster.observe(observations.slice(0, 400));
  forecaster.expectIncidents("key-5", "silence", "2030-01-01T00:00Z");
  forecaster.observe(observations.slice(400));
  expect(ids.filter((id) => id.endsWith("-silence")).every((id) => id.startsWith("key-3-"))).toBe(true);
  expect(ids.some((id) => id.startsWith("key-3-"))).toBe(true);
  forecaster.dispose();
});
