/** What a report is made of: the choice of keys, bins that hide no extreme, and figures that agree with the summary. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExpertRecord } from "../../../src/forecast/evaluation/expert-record.js";
import { summariseAll, summariseKey, type KeySummary } from "../../../src/forecast/evaluation/summary.js";
import { choose, KeyCourse } from "../../../src/cli/backtest/report-keys.js";
import { IncidentRecord } from "../../../src/forecast/evaluation/incident-record.js";
import { ReportRecord } from "../../../src/cli/backtest/report-record.js";
import { reportData } from "../../../src/cli/backtest/report.js";
import { embeddable } from "../../../src/adapters/web/report.js";
import type { ReportData } from "../../../src/adapters/web/report-data.js";
import { forecastColumns, observationColumns } from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { Scoreboard } from "../../../src/forecast/evaluation/scoreboard.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { syntheticEvents } from "../../support/streams.js";

function backtest(events: ReturnType<typeof syntheticEvents>, warmup = 0, batch = 100): ReportData {
  const forecaster = new Forecaster(forecasterSettings({ hidden: 8 }));
  const scoreboard = new Scoreboard({ warmup });
  const experts = new ExpertRecord(forecaster);
  const record = new ReportRecord();
  const incidents = new IncidentRecord(forecaster);
  const columns = forecastColumns(batch);
  for (let from = 0; from < events.length; from += batch) {
    const piece = events.slice(from, from + batch);
    const observations = observationColumns(batch);
    piece.forEach(({ key, time, value }, row) => {
      observations.slots[row] = forecaster.slotOf(key);
      observations.times[row] = time;
      observations.values[row] = value;
    });
    observations.count = piece.length;
    forecaster.observe(observations, columns);
    incidents.add(columns, piece.length);
    scoreboard.add(columns, piece.length);
    experts.add(columns, piece.length);
    record.add(columns, piece.length);
  }
  const scores = scoreboard.keys as NonNullable<(typeof scoreboard.keys)[number]>[];
  const slots = scores.map((_, slot) => slot);
  const outcome = {
    files: ["made/up.csv"],
    model: forecaster.modelName(),
    settings: forecaster.settings,
    warmup,
    rejected: 0,
    overall: summariseAll(scores, experts, slots),
    keys: scores.map((key, slot) => summariseKey(forecaster.keyOf(slot), key, experts, slot)),
    slots,
    experts,
    incidents: { listed: incidents.list(), summary: incidents.summarise() },
  };
  const data = reportData(outcome, record);
  forecaster.dispose();
  return data;
}

const summary = (skill: number | null, scored: number): KeySummary =>
  ({ skill, scored }) as unknown as KeySummary;

describe("the choice of keys", () => {
  it("is the best, the median and the worst by skill, of those with enough scored values", () => {
    const keys = [0.1, 0.5, -0.2, 0.3, 0.4].map((skill) => summary(skill, 1000));
    expect(choose([...keys, summary(0.99, 3), summary(null, 0)])).toEqual([
      { role: "best", index: 1 },
      { role: "median", index: 3 },
      { role: "worst", index: 2 },
    ]);
  });

  it("shows no key twice, and something of whatever there is", () => {
    expect(choose([])).toEqual([]);
    expect(choose([summary(null, 0)])).toEqual([{ role: "only", index: 0 }]);
    expect(choose([summary(0.1, 3)])).toEqual([{ role: "only", index: 0 }]);
    expect(choose([summary(0.1, 50), summary(0.2, 50)]).map(({ index }) => index)).toEqual([1, 0]);
  });
});

describe("the bins of a key's course", () => {
  it("hold every extreme of values and intervals, and no more than 400 of them", () => {
    const value = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(NaN));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 2000 }), (values) => {
        const course = new KeyCourse(values.length);
        values.forEach((value, index) => {
          const interval = { lower: value - 1, upper: value + 2 };
          course.add({
            index,
            slot: 0,
            time: index * 1000,
            value,
            expected: value,
            anomalyScore: NaN,
            ...interval,
          });
        });
        const { whole, recent } = course.read();
        const known = values.filter((value) => !Number.isNaN(value));
        const of = (column: readonly (number | null)[]): number[] => column.filter((x) => x !== null);
        expect(whole.times.length).toBeLessThanOrEqual(400);
        expect(whole.times.length).toBe(Math.ceil(values.length / whole.eventsPerBin));
        if (known.length > 0) {
          const close = (a: number, b: number): void =>
            expect(Math.abs(a - b)).toBeLessThanOrEqual(Math.abs(b) * 1e-6);
          close(Math.min(...of(whole.least)), Math.min(...known));
          close(Math.max(...of(whole.greatest)), Math.max(...known));
          close(Math.min(...of(whole.lower)), Math.min(...known) - 1);
          close(Math.max(...of(whole.upper)), Math.max(...known) + 2);
        }
        expect(recent.times).toEqual(values.map((_, i) => i * 1000).slice(-200));
      }),
      { numRuns: 60 },
    );
  });

  it("come in the order of time where the events did not", () => {
    const course = new KeyCourse(3);
    const event = { slot: 0, value: 1, expected: 1, lower: 0, upper: 2, anomalyScore: 2 };
    [3000, 1000, 2000].forEach((time, index) => course.add({ index, time, ...event }));
    const { whole, recent, anomalies } = course.read();
    for (const { times } of [whole, recent, anomalies]) expect(times).toEqual([1000, 2000, 3000]);
  });
});

describe("the data of a report", () => {
  const events = syntheticEvents(20_000, 4);

  it("tell the same as the summary: the pieces of the stream average to the keys' own figures", () => {
    const data = backtest(events);
    const { progress, keys } = data;
    const pieces = progress.at.length;
    expect(pieces).toBeLessThanOrEqual(120);
    expect(keys.events.reduce((sum, count) => sum + count)).toBe(20_000);
    const mean = (column: readonly (number | null)[]): number =>
      column.reduce<number>((sum, x) => sum + x!, 0) / pieces;
    // Each piece has about as many scored values, and each key's errors are in units of its persistence.
    expect(mean(progress.persistenceError)).toBeCloseTo(1, 2);
    const relative = keys.mae.map((mae, i) => mae! / keys.persistence[i]!);
    const weighted = relative.reduce((sum, ratio, i) => sum + ratio * keys.scored[i]!, 0) / data.scored;
    expect(mean(progress.error)).toBeCloseTo(weighted, 2);
    expect(mean(progress.coverage)).toBeCloseTo(data.overall[0]!.coverage!, 2);
  });

  it("leave the warm-up out as the summary does", () => {
    const data = backtest(events.slice(0, 4000), 500);
    expect(data.progress.error[0]).toBeNull();
    expect(data.progress.error.at(-1)).not.toBeNull();
    expect(data.scored).toBeLessThanOrEqual(2000);
  });

  it("give weights of the experts that sum to 1, for keys and over the run", () => {
    const { keys, expertNames, expertProgress, progress } = backtest(events);
    expect(keys.weights).toHaveLength(keys.key.length * expertNames.length);
    expect(keys.weights.slice(0, expertNames.length).reduce((sum, x) => sum + x)).toBeCloseTo(1, 2);
    expect(expertProgress.pieces).toHaveLength(progress.at.length);
    expertProgress.pieces.forEach((_, piece) => {
      expect(expertProgress.weights.reduce((sum, column) => sum + column[piece]!, 0)).toBeCloseTo(1, 2);
    });
  });

  it("stay a few hundred kilobytes however long the stream", () => {
    const text = embeddable(backtest(syntheticEvents(120_000, 3), 0, 4000));
    expect(text.length).toBeLessThan(200_000);
  });

  it("count along the stream where its times do not ascend", () => {
    const twice = [...events.slice(0, 3000), ...events.slice(0, 3000)];
    const { progress } = backtest(twice);
    expect(progress.inTime).toBe(false);
    expect(progress.at.at(-1)).toBe(6000);
  });

  it("cannot leave the element that they are in, and mean the same there", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.constant("</script><!--<script>&\u2028")),
        (text) => {
          const json = embeddable({ [text]: text });
          expect(json).not.toMatch(/[<>&\u2028\u2029]/);
          expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ [text]: text })));
        },
      ),
    );
  });
});
