/** The page's parts that need no browser: how it words numbers, and how frames add up to what it shows. */
import { describe, expect, it } from "vitest";
import { FrameCursor } from "../../../../src/adapters/web/frames.js";
import { LiveView } from "../../../../src/adapters/web/live-view.js";
import {
  formatInterval,
  formatPercent,
  formatSkill,
  formatTime,
  formatValue,
  verdict,
} from "../../../../src/adapters/web/page/format.js";
import { Store } from "../../../../src/adapters/web/page/store.js";
import type { SeriesScore } from "../../../../src/adapters/web/wire.js";
import { demoLikeSeries, SyntheticForecasts } from "../synthetic.js";

const score: SeriesScore = {
  count: 100,
  skill: 0.18,
  coverage: 0.91,
  mae: 0.8512,
  persistenceMae: 1.038,
  anomalies: 0,
};

/** Thin spaces as plain ones. */
const plain = (text: string): string => text.replaceAll("\u202f", " ");

describe("wording", () => {
  it.each([
    [41.234567, "41.23"],
    [0.000123456, "0.0001235"],
    [1873.44, "1,873.4"],
    [123456.7, "123,456.7"],
    [3_152_000_000, "3.152B"],
    [-0.5, "-0.5"],
    [0, "0"],
    [2.4e-24, "2.40e-24"],
    [1e30, "1.00e+30"],
    [null, "–"],
  ])("writes the value %s as %s", (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  it.each([
    ["2012-03-01T00:00:00.000Z", "2012-03-01"],
    ["2012-03-01T10:30:00.000Z", "2012-03-01 10:30"],
    ["2012-03-01T10:30:05.000Z", "2012-03-01 10:30:05"],
    ["2012-03-01T10:30:05.250Z", "2012-03-01 10:30:05"],
  ])("writes the time %s as %s", (time, text) => {
    expect(formatTime(Date.parse(time))).toBe(text);
  });

  it("has a word for times that are none", () => {
    for (const time of [NaN, Infinity, 1e300, undefined]) expect(formatTime(time)).toBe("–");
  });

  it("says in words what skill means", () => {
    expect(plain(formatSkill(0.18))).toBe("18 % closer");
    expect(plain(formatSkill(-0.04))).toBe("4 % further off");
    expect(formatSkill(0.004)).toBe("even");
    expect(formatSkill(null)).toBe("–");
    expect(plain(formatPercent(0.905, 1))).toBe("90.5 %");
    expect(formatInterval(1, null)).toBe("–");
  });

  it("explains how a series is doing, and asks for patience with a young one", () => {
    expect(plain(verdict(score, 0.9).join(""))).toBe(
      "18 % closer than repeating the last value: mean absolute error 0.8512, against 1.038 for repeating it. " +
        "91 % of the values were inside the interval (aim: 90 %).",
    );
    expect(verdict({ ...score, skill: 0.001 }, 0.9)[0]).toBe("As close as repeating the last value");
    expect(verdict({ ...score, count: 3 }, 0.9).join("")).toBe(
      "Settling in: 3 of the first 30 values scored.",
    );
  });
});

describe("Store", () => {
  it("holds after a snapshot and increments what a fresh snapshot holds", () => {
    const view = new LiveView({ model: "gru32", level: 0.9, now: () => 0 });
    const forecasts = new SyntheticForecasts(demoLikeSeries);
    const cursor = new FrameCursor(view, 3);
    const followed = new Store();
    for (const steps of [1, 40, 0, 130, 7, 700, 2]) {
      view.forecasts(forecasts.batch(steps));
      const frame = cursor.next();
      if (frame !== null) followed.apply(frame, followed.series.length === 0);
    }
    const fresh = new Store();
    fresh.apply(new FrameCursor(view, 3).next()!, true);
    expect(followed.series).toEqual(fresh.series);
    expect(followed.detail).toEqual(fresh.detail);
    expect(followed.byKey("host cpu")?.id).toBe(6);
  });

  it("forgets the series of a server that was restarted", () => {
    const store = new Store();
    for (const series of [demoLikeSeries, demoLikeSeries.slice(0, 2)]) {
      const view = new LiveView({ model: "gru32", level: 0.9 });
      view.forecasts(new SyntheticForecasts(series).batch(1));
      store.apply(new FrameCursor(view, 0).next()!, true);
    }
    expect(store.series).toHaveLength(2);
  });
});
