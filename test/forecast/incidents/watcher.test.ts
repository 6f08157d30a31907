/** Incidents as part of a forecaster: their settings, batches, snapshots and what users of the library get. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  numberRows,
  observationColumns,
  appendObservation,
  setFeatures,
  forecastColumns,
} from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import type { IncidentNote } from "../../../src/forecast/incidents/watcher.js";
import { createForecaster, type EventIncident, type Observation } from "../../../src/forecast/objects.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { eventsWithFaults } from "../../support/faults.js";
import { quick, syntheticEvents, type Event } from "../../support/streams.js";

const create = (options: ForecasterOptions = {}): Forecaster =>
  new Forecaster(forecasterSettings({ ...quick, ...options }));

/** A change with the number of its event in the stream and the name of its key. */
type Change = Omit<IncidentNote, "row" | "slot"> & { readonly event: number; readonly key: string };

interface Watched {
  readonly changes: readonly Change[];
  /** Of each event, the position of the open incident. */
  readonly open: readonly number[];
}

/** What the events change, where they are taken in batches of these sizes (the last repeats). */
function watch(
  forecaster: Forecaster,
  events: readonly Event[],
  { batches = [512], first = 0 }: { readonly batches?: readonly number[]; readonly first?: number } = {},
): Watched {
  const changes: Change[] = [];
  const open: number[] = [];
  for (let begin = 0, batch = 0; begin < events.length; batch++) {
    const size = batches[Math.min(batch, batches.length - 1)]!;
    const part = events.slice(begin, begin + size);
    const observations = observationColumns(part.length, forecaster.settings.featureCount);
    forecaster.release();
    for (const { key, time, value, features } of part) {
      appendObservation(observations, forecaster.slotOf(key), time, value);
      if (features !== undefined) setFeatures(observations, features);
    }
    numberRows(observations, first + begin);
    const forecasts = forecastColumns(part.length);
    forecaster.observe(observations, forecasts);
    for (const { row, slot, ...others } of forecaster.incidentChanges) {
      changes.push({ ...others, event: first + begin + row, key: forecaster.keyOf(slot) });
    }
    open.push(...forecasts.incident);
    begin += size;
  }
  return { changes, open };
}

/** The same of a new forecaster. */
function watchFresh(
  events: readonly Event[],
  options: ForecasterOptions,
  batches?: readonly number[],
): Watched {
  const forecaster = create(options);
  try {
    return watch(forecaster, events, batches && { batches });
  } finally {
    forecaster.dispose();
  }
}

describe("a forecaster's incidents", () => {
  let forecaster: Forecaster;
  beforeEach(() => (forecaster = create()));
  afterEach(() => forecaster.dispose());

  const events = eventsWithFaults(1500, 2);

  test("a fault is one incident, opened by its first event and closed later", () => {
    const { changes } = watch(forecaster, events);
    const fault = changes.filter(({ key, incident }) => key === "key-0" && incident.position === 300);
    expect(fault[0]).toMatchObject({
      change: "opened",
      event: 300,
      incident: { state: "open", kind: "spike", direction: "above", begin: events[300]!.time },
    });
    expect(fault[0]!.incident.peak.value).toBe(events[300]!.value);
    expect(fault.at(-1)).toMatchObject({ change: "closed", incident: { state: "closed", settled: true } });
    expect(fault.filter(({ change }) => change === "opened")).toHaveLength(1);
    expect(fault.filter(({ change }) => change === "closed")).toHaveLength(1);
  });

  test("each row of forecasts names the incident that is open after its event", () => {
    const { changes, open } = watch(forecaster, events);
    const positions = new Map<string, number>();
    let at = 0;
    for (const [event, { key }] of events.entries()) {
      for (; changes[at]?.event === event; at++) {
        if (changes[at]!.change === "closed") positions.delete(key);
        else positions.set(key, changes[at]!.incident.position);
      }
      expect(open[event], `event ${event}`).toBe(positions.get(key) ?? NaN);
    }
    expect(at).toBe(changes.length);
    expect(at).toBeGreaterThan(10);
  });

  test("a missing value leaves an open incident open", () => {
    const missing = [...events.slice(0, 301), { ...events[300]!, value: NaN }];
    expect(watch(forecaster, missing).open.at(-1)).toBe(300);
  });

  test("without a position an incident has the number of its event among the key's", () => {
    const observations = observationColumns(events.length);
    for (const { key, time, value } of events) {
      appendObservation(observations, forecaster.slotOf(key), time, value);
    }
    forecaster.observe(observations, forecastColumns(events.length));
    const expected = watchFresh(events, {}).changes.map(({ incident }) => Math.floor(incident.position / 2));
    expect(forecaster.incidentChanges.map(({ incident }) => incident.position)).toEqual(expected);
  });

  test("an evicted key's open incident is closed by the event that evicts the key", () => {
    const bounded = create({ maxKeys: 2 });
    const change = watch(bounded, [
      ...events.slice(0, 302),
      { key: "third", time: events[301]!.time, value: 1 },
    ]).changes.at(-1)!;
    expect(change).toMatchObject({ change: "closed", event: 302, incident: { state: "closed" } });
    expect(["key-0", "key-1"]).toContain(change.key);
    bounded.dispose();
  });

  test("the gates of the settings hold", () => {
    const directions = (options: ForecasterOptions): (string | undefined)[] =>
      watchFresh(events, options).changes.flatMap(({ change, incident }) =>
        change === "opened" ? [incident.direction] : [],
      );
    expect(directions({})).toContain("above");
    expect(new Set(directions({ detection: { direction: "below" } }))).toEqual(new Set(["below"]));
    const large = directions({ detection: { minimumDeviation: { absolute: 1000 } } });
    expect(large.filter((direction) => direction !== undefined)).toEqual([]);
  });

  test("a minimum deviation in a feature holds from the event on that brings it", () => {
    const opened = (limitOf: (i: number) => number): (number | undefined)[] =>
      watchFresh(
        events.map((event, i) => ({ ...event, features: [limitOf(i)] })),
        { featureCount: 1, detection: { minimumDeviation: { absolute: { feature: 0 } } } },
      ).changes.flatMap(({ change, incident, event }) =>
        change === "opened" && incident.direction !== undefined ? [event] : [],
      );
    const all = opened(() => 0);
    expect(all.length).toBeGreaterThan(1);
    expect(opened(() => 1e6)).toEqual([]);
    // Only the event itself is above its limit; the one before had none, and null keeps the last one.
    const first = all[0]!;
    expect(opened((i) => (i === first ? 1e6 : 0))).not.toContain(first);
    expect(opened((i) => (i < first - 5 ? 1e6 : NaN))).toEqual([]);
  });

  test.each([{ absolute: { feature: 1 } }, { share: { feature: 7 } }])(
    "a minimum deviation in a feature that events do not have is refused: %j",
    (minimumDeviation) => {
      const what = /minimumDeviation\.\w+: expected the place of one of 1 features, found/;
      expect(() => create({ featureCount: 1, detection: { minimumDeviation } })).toThrow(what);
      const overrides = [{ keys: "a", direction: "both" as const, minimumDeviation }];
      expect(() => create({ featureCount: 1, detection: { overrides } })).toThrow(what);
    },
  );

  test("without detection there are none", () => {
    const off = create({ detection: { enabled: false } });
    const { changes, open } = watch(off, events);
    expect(changes).toEqual([]);
    expect(open.every(Number.isNaN)).toBe(true);
    expect(off.incidentOf(0)).toBeUndefined();
    off.dispose();
  });
});

const several = [...eventsWithFaults(900, 2), ...syntheticEvents(150, 5)];

test("incidents are the same however events are cut into batches", () => {
  const whole = watchFresh(several, {});
  expect(whole.changes.length).toBeGreaterThan(10);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }), (batches) => {
      expect(watchFresh(several, {}, batches)).toEqual(whole);
    }),
    { numRuns: 8 },
  );
});

test("a forecaster restored anywhere, in an incident or not, goes on with the same incidents", () => {
  const whole = watchFresh(several, {});
  const open = whole.open.flatMap((position, event) => (Number.isNaN(position) ? [] : [event]));
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...open), fc.nat(several.length)), (cut) => {
      const first = create();
      const before = watch(first, several.slice(0, cut));
      const second = create();
      second.restore(first.snapshot());
      const after = watch(second, several.slice(cut), { first: cut });
      expect([...before.changes, ...after.changes]).toEqual(whole.changes);
      expect([...before.open, ...after.open]).toEqual(whole.open);
      first.dispose();
      second.dispose();
    }),
    { numRuns: 10 },
  );
});

test("the number of open incidents is that of the opened ones that are not closed, also after a restore", () => {
  const events = eventsWithFaults(4000, 5);
  const first = create({ alarmRate: 0.01 });
  let open = 0;
  let most = 0;
  for (let begin = 0; begin < events.length; begin += 50) {
    const { changes } = watch(first, events.slice(begin, begin + 50), { first: begin });
    for (const { change } of changes) open += change === "opened" ? 1 : change === "closed" ? -1 : 0;
    most = Math.max(most, open);
    expect(first.openIncidents).toBe(open);
    const second = create({ alarmRate: 0.01 });
    second.restore(first.snapshot());
    expect(second.openIncidents).toBe(open);
    second.dispose();
  }
  expect(most).toBeGreaterThan(1);
  first.dispose();
});

test("a snapshot of a forecaster without detection restores, and its keys have no incident", () => {
  const events = eventsWithFaults(310);
  const off = create({ detection: { enabled: false } });
  watch(off, events);
  const on = create();
  on.restore(off.snapshot(), { anyTuning: true });
  expect(on.incidentOf(on.slotOf("key-0"))).toBeUndefined();
  const again = create({ detection: { enabled: false } });
  watch(on, events);
  again.restore(on.snapshot(), { anyTuning: true });
  expect(again.incidentOf(again.slotOf("key-0"))).toBeUndefined();
  for (const one of [off, on, again]) one.dispose();
});

describe("createForecaster", () => {
  test("tells each change with its event, and each forecast names the open incident", () => {
    const told: EventIncident<Observation>[] = [];
    const forecaster = createForecaster({ ...quick, onIncident: (incident) => told.push(incident) });
    const observations: Observation[] = eventsWithFaults(400);
    const forecasts = forecaster.observe(observations);
    expect(told[0]).toMatchObject({
      id: "key-0-150",
      key: "key-0",
      change: "opened",
      state: "open",
      event: observations[150],
    });
    expect(forecasts[149]).not.toHaveProperty("incident");
    expect(forecasts[150]!.incident).toBe("key-0-150");
    const closed = told.find(({ change }) => change === "closed")!;
    expect(closed.id).toBe("key-0-150");
    const at = observations.indexOf(closed.event);
    expect(forecasts[at - 1]!.incident).toBe("key-0-150");
    expect(forecasts[at]).not.toHaveProperty("incident");
    forecaster.dispose();
  });

  test("the ids of incidents go on after a restore", () => {
    const observations = eventsWithFaults(400);
    const ids = (parts: readonly (readonly Observation[])[]): string[] => {
      const told: string[] = [];
      let state: Uint8Array | undefined;
      for (const part of parts) {
        const forecaster = createForecaster({
          ...quick,
          onIncident: ({ id, change }) => told.push(`${id} ${change}`),
        });
        if (state !== undefined) forecaster.restore(state);
        forecaster.observe(part);
        state = forecaster.snapshot();
        forecaster.dispose();
      }
      return told;
    };
    expect(ids([observations.slice(0, 170), observations.slice(170)])).toEqual(ids([observations]));
  });
});
