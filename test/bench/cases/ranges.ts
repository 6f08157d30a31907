/** Values with a floor, a cap, or a spread that depends on the time of day. */
import { hour, minute, sine, type Case } from "./series.js";

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

const isNight = (i: number): boolean => i % 24 < 6;

export const ranges: readonly Case[] = [
  {
    name: "percent with a cap",
    count: 20_000,
    options: { bounds: { min: 0, max: 100 } },
    law: (source) => (i) =>
      Math.round(100 * clamp(90 + 20 * Math.sin(i / 20) + 5 * source.normal(), 0, 100)) / 100,
  },
  {
    name: "visits by the hour",
    count: 6000,
    options: { kind: "count" },
    stepMs: hour,
    period: 24,
    ahead: true,
    law: (source) => (i) => source.poisson(Math.max(0.2, 20 * sine(i - 6, 24))),
  },
  {
    name: "solar production",
    options: { kind: "rate" },
    count: 288 * 40,
    stepMs: 5 * minute,
    period: 288,
    ahead: true,
    law: (source) => (i) => {
      const height = Math.sin((Math.PI * ((i % 288) - 72)) / 144);
      return Math.max(0, Math.round(5000 * height * (0.7 + 0.3 * source.uniform())));
    },
  },
  {
    name: "quiet nights, noisy days",
    count: 20_000,
    stepMs: hour,
    law: (source) => (i) => 50 + (isNight(i) ? 0.2 : 5) * source.normal(),
    // At 3 a.m. a reading of 25 standard deviations of the night, which by day would be one.
    absurd: () => (i) => (i > 1000 && i % 1008 === 3 ? 55 : undefined),
    parts: { "by night": isNight, "by day": (i) => !isNight(i) },
  },
];
