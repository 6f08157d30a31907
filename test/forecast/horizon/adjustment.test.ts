import { expect, test } from "vitest";
import { SeasonalAdjustment } from "../../../src/forecast/horizon/adjustment.js";
import { horizonLayout } from "../../../src/forecast/horizon/layout.js";
import { daily, PhaseWalk, weekly } from "../../../src/forecast/horizon/profile.js";
import type { HorizonRow } from "../../../src/forecast/horizon/rows.js";

const minute = 60_000;
const begins = [Date.UTC(2026, 0, 5, 23), Date.UTC(2026, 0, 4, 7, 13, 20, 5), Date.UTC(1969, 11, 30), 0];
const gaps = [minute, 7 * minute, 60 * minute, 86_400_000, 1e9 / 7];

test("phases of a walk are those of its times", () => {
  for (const profile of [daily, weekly]) {
    const walk = new PhaseWalk(profile);
    for (const begin of begins) {
      walk.begin(begin);
      for (const gap of gaps) {
        for (let step = 0; step <= 96; step++) {
          const time = begin + step * gap;
          const within = ((time % profile.period) + profile.period) % profile.period;
          const apart = walk.at(time) - (within / profile.period) * profile.knots;
          expect(Math.abs(apart - profile.knots * Math.round(apart / profile.knots))).toBeLessThan(1e-9);
          expect(walk.at(time)).toBeGreaterThanOrEqual(0);
          expect(walk.at(time)).toBeLessThan(profile.knots);
        }
      }
    }
  }
});

test("a time on the hour is of the hour that it begins", () => {
  const { f64 } = horizonLayout(96);
  const adjustment = new SeasonalAdjustment(f64);
  const row = { f64: new Float64Array(f64.size), at64: 0 } as HorizonRow;
  for (const begin of [Date.UTC(2026, 0, 5, 23), Date.UTC(2026, 0, 4, 7, 30), 0]) {
    adjustment.walkFrom(begin, 30 * minute);
    for (let step = 0; step <= 200; step++) {
      const time = begin + step * 30 * minute;
      adjustment.seasonOn(row, time);
      expect(adjustment.hour).toBe(new Date(time).getUTCHours());
    }
  }
});
