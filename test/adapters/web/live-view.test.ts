/** The live view: what a page is told in snapshots and increments, and that its memory has bounds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventRate } from "../../../src/adapters/web/event-rate.js";
import { FrameCursor } from "../../../src/adapters/web/frames.js";
import { LiveView, type LiveViewOptions } from "../../../src/adapters/web/live-view.js";
import { LossCurve } from "../../../src/adapters/web/loss-curve.js";
import { overviewPoints } from "../../../src/adapters/web/wire.js";
import type { GroupNote } from "../../../src/forecast/incidents/groups/watcher.js";
import type { IncidentNote } from "../../../src/forecast/incidents/watcher.js";
import { ofScores, ordinary, told, trackerOf } from "../../support/incidents.js";
import { telemetryContract, uniformBatch } from "../../contracts/telemetry.js";
import { demoLikeSeries, SyntheticForecasts } from "./synthetic.js";

function create(bounds: Pick<LiveViewOptions, "points" | "keys"> = {}): LiveView {
  return new LiveView({ model: "gru32", level: 0.9, now: () => 0, ...bounds });
}

telemetryContract("LiveView", () => {
  const view = create();
  return {
    telemetry: view,
    events: () => view.status().events,
    rejections: (code) => view.status().rejections[code] ?? 0,
    version: () => view.status().version,
    report: () => JSON.stringify(new FrameCursor(view, 0).next()),
  };
});

describe("the figures of a candidate", () => {
  it("stand beside those of the model, are counted alike, and change none of its own", () => {
    const [alone, both] = [
      create(),
      new LiveView({ model: "gru32", level: 0.9, now: () => 0, candidate: "lstm8" }),
    ];
    const forecasts = new SyntheticForecasts(demoLikeSeries);
    for (const steps of [1, 40, 700, 3]) {
      const batch = forecasts.batch(steps);
      alone.forecasts(batch);
      both.forecasts(batch);
      both.candidate!.forecasts(batch);
    }
    const { candidate, ...status } = both.status();
    expect(status).toEqual(alone.status());
    expect(candidate).toEqual({ ...alone.figures(), model: "lstm8" });
    expect(candidate!.anomalies).toBeGreaterThan(0);
    expect(new FrameCursor(both, 0).next()!.status.candidate).toEqual(candidate);
    expect(alone.status().candidate).toBeUndefined();
  });
});

describe("FrameCursor", () => {
  it("asks for the experts' weights of the series that is looked at, and of no other", () => {
    const view = create();
    const forecasts = new SyntheticForecasts(demoLikeSeries);
    const asked: number[] = [];
    const feed = (): void => {
      const batch = forecasts.batch(3);
      const expertWeights = (slot: number): Float64Array => {
        asked.push(slot);
        return batch.experts!.expertWeights(slot);
      };
      view.forecasts({ ...batch, experts: { ...batch.experts!, expertWeights } });
    };
    feed();
    feed();
    expect(asked).toEqual([]);
    const cursor = new FrameCursor(view, 2);
    expect(cursor.next()!.detail!.experts).toEqual([]);
    feed();
    feed();
    expect(asked).toEqual([2]);
    expect(cursor.next()!.detail!.experts).toEqual([
      { name: "persistence", weight: 0.25 },
      { name: "recurrent", weight: 0.75 },
    ]);
  });

  it("begins with a snapshot, goes on with what is new, and has nothing to say when nothing is", () => {
    const view = create();
    const forecasts = new SyntheticForecasts(demoLikeSeries);
    view.forecasts(forecasts.batch(5));
    const cursor = new FrameCursor(view, 2);
    const snapshot = cursor.next()!;
    expect(snapshot.series.map(({ key }) => key)).toEqual(demoLikeSeries.map(({ key }) => key));
    expect(snapshot.detail).toMatchObject({ id: 2, reset: true });
    expect(snapshot.detail!.times).toHaveLength(5);
    expect(cursor.next()).toBeNull();
    view.forecasts(forecasts.batch(2));
    const increment = cursor.next()!;
    expect(increment.series[0]).toMatchObject({ id: 0, reset: false });
    expect(increment.series[0]).not.toHaveProperty("key");
    expect(increment.detail!.times).toHaveLength(2);
    expect(increment.detail!.expected[0]).toBeCloseTo(snapshot.detail!.next!.yhat, 12);
  });

  it("tells incidents of kept series, each in its last state with the values around it, newest first", () => {
    const view = create({ keys: 2 });
    const forecasts = new SyntheticForecasts(demoLikeSeries.slice(0, 3));
    view.forecasts(forecasts.batch(100));
    const cursor = new FrameCursor(view, 0);
    expect(cursor.next()).not.toHaveProperty("incidents");
    const batch = forecasts.batch(30);
    const notesOf = (slot: number): IncidentNote[] => {
      const { columns } = batch;
      const begin = columns.times[9 + slot]!;
      return told(trackerOf(), ofScores([2, ...ordinary(70)])).map(({ change, incident }) => ({
        ...{ row: 9 + slot, slot, time: begin, change },
        incident: { ...incident, position: slot, begin, end: begin },
      }));
    };
    view.forecasts({ ...batch, incidents: [...notesOf(0), ...notesOf(1), ...notesOf(2)] });
    const { incidents } = cursor.next()!;
    expect(incidents!.map(({ id, state, kind }) => [id, state, kind])).toEqual([
      [1, "closed", "spike"],
      [0, "closed", "spike"],
    ]);
    const { picture, begin } = incidents![1]!;
    expect(picture.times.indexOf(begin)).toBe(40);
    // Step 103 of 130 begins the incident: 40 steps before it, and 26 after it.
    expect(picture.times).toHaveLength(40 + 27);
    expect(picture.values.length).toBe(picture.expected.length);
    view.forecasts(forecasts.batch(1));
    expect(cursor.next()).not.toHaveProperty("incidents");
    expect(new FrameCursor(view, 0).next()!.incidents).toEqual(incidents);
  });

  it("tells the incident of a group with the series of the member that deviates most, in the last state of it", () => {
    const view = create({ keys: 2 });
    const forecasts = new SyntheticForecasts(demoLikeSeries.slice(0, 3));
    const batch = forecasts.batch(100);
    const noteOf = (group: string, slots: readonly number[], state: "open" | "closed"): GroupNote => {
      const { incident } = told(trackerOf(), ofScores([2]))[0]!;
      const begin = batch.columns.times[9]!;
      const members = slots.map((slot) => ({ slot, score: 0.7, since: begin }));
      return {
        ...{ row: 9, time: begin, group, members, change: state === "open" ? "opened" : "closed" },
        incident: { ...incident, position: 7, begin, end: begin, state },
      };
    };
    const cursor = new FrameCursor(view, 0);
    const groupIncidents = [noteOf("site", [2, 1, 0], "open"), noteOf("unseen", [2], "open")];
    view.forecasts({ ...batch, groupIncidents });
    const keys = demoLikeSeries.map(({ key }) => key);
    const opened = { id: 1, state: "open", group: { name: "site", members: [keys[2], keys[1], keys[0]] } };
    expect(cursor.next()!.incidents).toMatchObject([opened]);
    view.forecasts({ ...forecasts.batch(1), groupIncidents: [noteOf("site", [], "closed")] });
    expect(cursor.next()!.incidents).toMatchObject([{ ...opened, state: "closed" }]);
  });

  it("keeps the farthest values of a long incident in its picture, and no more than 120 points", () => {
    const view = create({ keys: 1 });
    const forecasts = new SyntheticForecasts(demoLikeSeries.slice(0, 1));
    const batch = forecasts.batch(500);
    batch.columns.values[333] = 1e6;
    view.forecasts(batch);
    const { times, values } = view.series[0]!.picture(batch.columns.times[60]!);
    expect(times.length).toBeLessThanOrEqual(120);
    expect(times.length).toBeGreaterThan(80);
    expect(values).toContain(1e6);
  });

  it("adds up to the same points however it is read", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 25 }), (steps) => {
        const view = create({ points: 16 });
        const forecasts = new SyntheticForecasts(demoLikeSeries.slice(0, 2));
        const cursor = new FrameCursor(view, 1);
        let times: number[] = [];
        for (const count of steps) {
          view.forecasts(forecasts.batch(count));
          const detail = cursor.next()?.detail;
          if (detail) times = [...(detail.reset ? [] : times), ...detail.times].slice(-16);
        }
        expect(times).toEqual(new FrameCursor(view, 1).next()?.detail?.times ?? []);
      }),
    );
  });

  it("starts a page over that fell behind, rather than leave a gap", () => {
    const view = create({ points: 10 });
    const forecasts = new SyntheticForecasts(demoLikeSeries);
    view.forecasts(forecasts.batch(3));
    const cursor = new FrameCursor(view, 0);
    cursor.next();
    view.forecasts(forecasts.batch(11));
    expect(cursor.next()!.detail).toMatchObject({ reset: true });
    expect(cursor.next()).toBeNull();
  });

  it("takes an unknown series for the first one", () => {
    const view = create();
    view.forecasts(uniformBatch(4, 1));
    for (const selected of [-1, 7, 0.5, NaN]) {
      expect(new FrameCursor(view, selected).next()!.detail!.id).toBe(0);
    }
  });

  it("writes numbers that JSON cannot as null", () => {
    const view = create();
    view.forecasts(uniformBatch(2, NaN));
    view.forecasts(uniformBatch(2, Infinity));
    const text = JSON.stringify(new FrameCursor(view, 0).next());
    expect(JSON.parse(text)).toMatchObject({ detail: { values: [null, null], next: null } });
  });
});

describe("memory", () => {
  it("holds at most the keys and points it was given, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 60 }), (keys) => {
        const view = create({ points: 8, keys: 5 });
        view.forecasts(uniformBatch(keys.length * 20, 1, keys));
        const { series, events, unkeptEvents } = view.status();
        const frame = new FrameCursor(view, 0).next()!;
        const kept = [...new Set(keys)].slice(0, 5);
        expect(frame.series.map(({ key }) => key)).toEqual(kept);
        expect(series).toBe(kept.length);
        expect(frame.detail!.times.length).toBeLessThanOrEqual(8);
        expect(unkeptEvents).toBe(keys.filter((key) => !kept.includes(key)).length * 20);
        expect(events).toBe(keys.length * 20);
      }),
    );
  });

  it("keeps the keys that are named and no other, and counts the others' observations", () => {
    const view = create({ keys: ["b", "__proto__", "never"] });
    view.forecasts(uniformBatch(40, 1, ["a", "b", "__proto__", "constructor"]));
    expect(view.series.map(({ key }) => key)).toEqual(["b", "__proto__"]);
    expect(view.status()).toMatchObject({ events: 40, unkeptEvents: 20 });
    const frame = JSON.stringify(new FrameCursor(view, 0).next());
    expect(frame).not.toContain("constructor");
    const unnamed = create({ keys: [] });
    unnamed.forecasts(uniformBatch(40, 1, ["a"]));
    expect(unnamed.series).toEqual([]);
  });

  it("bounds a frame for 20,000 keys and a stream that never pauses", () => {
    const view = create();
    const keys = Array.from({ length: 20_000 }, (_, i) => `__proto__${i}`);
    const cursor = new FrameCursor(view, 0);
    view.forecasts(uniformBatch(40_000, 0.123456789, keys));
    for (let round = 0; round < 20; round++) view.forecasts(uniformBatch(20_000, 0.1, keys.slice(0, 200)));
    for (let i = 1; i <= 10_000; i++) view.update({ version: i, loss: 1 / i, gradientNorm: 1, windows: 1 });
    const frame = cursor.next()!;
    expect(frame.series).toHaveLength(200);
    for (const { times } of frame.series) expect(times).toHaveLength(overviewPoints);
    expect(frame.detail!.times).toHaveLength(600);
    expect(frame.loss!.losses.length).toBeLessThanOrEqual(256);
    expect(JSON.stringify(frame).length).toBeLessThan(2_000_000);
  });
});

describe("LossCurve", () => {
  it("covers the whole run in bounded points, each the mean of what it stands for", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), (updates) => {
        const curve = new LossCurve(8);
        for (let i = 1; i <= updates; i++) curve.add(i, i);
        const { versions, losses } = curve.read();
        expect(losses.length).toBeLessThanOrEqual(8);
        const stride = versions[0]!;
        versions.forEach((version, i) => {
          expect(version).toBe((i + 1) * stride);
          expect(losses[i]).toBe(version - (stride - 1) / 2);
        });
      }),
    );
  });
});

describe("EventRate", () => {
  it("is the mean of the last whole seconds and falls to 0 when events stop", () => {
    const rate = new EventRate();
    expect(rate.perSecond(0)).toBe(0);
    for (let now = 10_000; now < 14_000; now += 100) rate.add(now, 3);
    expect(rate.perSecond(14_000)).toBe(30);
    expect(rate.perSecond(16_000)).toBe(18);
    expect(rate.perSecond(60_000)).toBe(0);
  });

  it("survives a clock that is set back", () => {
    const rate = new EventRate();
    rate.add(10_000, 5);
    rate.add(2_000, 5);
    expect(rate.perSecond(11_000)).toBe(10);
  });
});
