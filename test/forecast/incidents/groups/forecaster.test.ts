/** Groups as part of a forecaster: their setting, batches, snapshots, and what users of the library get. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  appendObservation,
  forecastColumns,
  numberRows,
  observationColumns,
} from "../../../../src/forecast/columns.js";
import { Forecaster } from "../../../../src/forecast/forecaster.js";
import type { GroupNote } from "../../../../src/forecast/incidents/groups/watcher.js";
import type { GroupIncidentUpdate, IncidentUpdate } from "../../../../src/forecast/incidents/update.js";
import { createForecaster } from "../../../../src/forecast/objects.js";
import { forecasterSettings, type ForecasterOptions } from "../../../../src/forecast/settings.js";
import { begin, faultAt, members, siteEvents } from "../../../support/sites.js";
import { quick } from "../../../support/streams.js";

const settings = { ...quick, detection: { group: "^([^/]+)/" } } satisfies ForecasterOptions;
const create = (options: ForecasterOptions = {}): Forecaster =>
  new Forecaster(forecasterSettings({ ...settings, ...options }));

const faultTime = begin + 60_000 * faultAt;
const events = siteEvents((site, i) => `${site}/${i}`);

/** A change with the number of its event, and with members by their keys. */
type Told = Omit<GroupNote, "row" | "members"> & {
  readonly event: number;
  readonly members: readonly object[];
};

function changesOf(forecaster: Forecaster, first = 0, to = events.length, batches = [700]): Told[] {
  const told: Told[] = [];
  for (let at = first, batch = 0; at < to; batch++) {
    const size = Math.min(batches[Math.min(batch, batches.length - 1)]!, to - at);
    const observations = observationColumns(size);
    forecaster.release();
    for (const { key, time, value } of events.slice(at, at + size)) {
      appendObservation(observations, forecaster.slotOf(key), time, value);
    }
    numberRows(observations, at);
    forecaster.observe(observations, forecastColumns(size));
    for (const { row, members, ...note } of forecaster.groupChanges) {
      const named = members.map(({ slot, ...others }) => ({ ...others, key: forecaster.keyOf(slot) }));
      told.push({ ...note, event: at + row, members: named });
    }
    at += size;
  }
  return told;
}

function fresh(options?: ForecasterOptions, batches?: number[]): Told[] {
  const forecaster = create(options);
  try {
    return changesOf(forecaster, 0, events.length, batches);
  } finally {
    forecaster.dispose();
  }
}

describe("a forecaster that watches groups", () => {
  const whole = fresh();

  test("tells of the group whose members deviate together", () => {
    const ofFault = whole.filter((note) => note.group === "north" && note.incident.peak.time === faultTime);
    expect(ofFault).not.toEqual([]);
    expect(ofFault[0]!.incident.peak.value).toBeGreaterThanOrEqual(2);
    expect(ofFault[0]!.time).toBe(faultTime);
    expect(whole.map(({ group }) => group)).not.toContain("alone");
  });

  test("tells the same however events are cut into batches", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 6 }), (batches) => {
        expect(fresh({}, batches)).toEqual(whole);
      }),
      { numRuns: 4 },
    );
  });

  test("goes on with the same where it is restored, from a snapshot or from changes of one", () => {
    const fault = faultAt * (2 * members + 1);
    const cuts = fc.oneof(fc.integer({ min: fault, max: fault + 40 }), fc.nat(events.length));
    fc.assert(
      fc.property(cuts, fc.boolean(), (cut, asWhole) => {
        const first = create();
        const records = new Map<string | undefined, Uint8Array | null>();
        const keep = (): void => first.changes().forEach(({ key, bytes }) => records.set(key, bytes));
        const early = changesOf(first, 0, cut >> 1);
        keep();
        const before = [...early, ...changesOf(first, cut >> 1, cut)];
        keep();
        const parts = [...records.values()].filter((bytes) => bytes !== null);
        const second = create();
        second.restore(asWhole ? first.snapshot() : new Uint8Array(Buffer.concat(parts)));
        expect([...before, ...changesOf(second, cut)]).toEqual(whole);
        first.dispose();
        second.dispose();
      }),
      { numRuns: 6 },
    );
  });

  test("begins anew with a state of other groups or of none", () => {
    const none = create({ detection: {} });
    changesOf(none, 0, 300);
    const other = create({ detection: { group: "/(.*)$" } });
    other.restore(none.snapshot(), { anyTuning: true });
    changesOf(other, 300, 600);
    const again = create();
    again.restore(other.snapshot(), { anyTuning: true });
    expect(() => changesOf(again, 600, 900)).not.toThrow();
    expect(changesOf(none, 300, 600)).toEqual([]);
    for (const one of [none, other, again]) one.dispose();
  });
});

test("users of the library get the group, its members ranked, and who began", () => {
  const told: GroupIncidentUpdate[] = [];
  const forecaster = createForecaster({ ...settings, onGroupIncident: (incident) => told.push(incident) });
  forecaster.observe(events);
  const north = told.filter(({ group }) => group === "north");
  const opened = north.find(({ change }) => change === "opened")!;
  expect(opened.members.every(({ key }) => key.startsWith("north/"))).toBe(true);
  const scores = opened.members.map(({ score }) => score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(opened.members.map(({ key }) => key)).toContain(opened.began);
  expect(opened.id).toMatch(/^north-\d+-group$/);
  forecaster.dispose();
});

test("the library finds the group at a path of the event, and tells members of it", () => {
  const groups: GroupIncidentUpdate[] = [];
  const told: IncidentUpdate[] = [];
  const options = { detection: { group: { path: "site" } } };
  const forecaster = createForecaster({
    ...{ ...quick, ...options },
    onGroupIncident: (incident) => groups.push(incident),
    onIncident: (incident) => told.push(incident),
  });
  const named = siteEvents((site, i) => `pump ${site} ${i}`, 7);
  for (let at = 0; at < named.length; at += 50) forecaster.observe(named.slice(at, at + 50));
  const [opened] = groups.filter(({ group }) => group === "north");
  expect(opened!.members.every(({ key }) => key.startsWith("pump north"))).toBe(true);
  const ofGroup = told.filter(({ groupIncident }) => groupIncident === opened!.id);
  expect(ofGroup.length).toBeGreaterThan(0);
  forecaster.dispose();
});

test("a pattern that is none is refused", () => {
  expect(() => forecasterSettings({ detection: { group: "(" } })).toThrow(
    /detection.group: expected a regular/,
  );
  expect(() => forecasterSettings({ detection: { group: { path: "" } } })).toThrow(/detection.group/);
});
