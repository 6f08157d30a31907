/** The host's metrics as a source: real readings in their ranges, and a timer that ends with the subscription. */
import os from "node:os";
import { firstValueFrom, take, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { cpuUseRatio } from "../../../src/adapters/host/cpu.js";
import { hostMetrics } from "../../../src/adapters/host/metrics.js";

function processor(idle: number, user: number): { times: os.CpuInfo["times"] } {
  return { times: { user, nice: 0, sys: 0, idle, irq: 0 } };
}

describe("cpuUseRatio", () => {
  it("is the share of time that was not idle, over all processors", () => {
    expect(
      cpuUseRatio([processor(0, 0), processor(0, 0)], [processor(60, 40), processor(100, 0)]),
    ).toBeCloseTo(0.2);
  });

  it("is missing where no time went by or a processor was taken away", () => {
    expect(cpuUseRatio([], [])).toBeNull();
    expect(cpuUseRatio([processor(50, 50), processor(50, 50)], [processor(60, 60)])).toBeNull();
  });

  it("stays between 0 and 1 when the counters jitter", () => {
    expect(cpuUseRatio([processor(100, 10)], [processor(90, 30)])).toBe(1);
    expect(cpuUseRatio([processor(100, 10)], [processor(130, 5)])).toBe(0);
  });
});

describe("hostMetrics", () => {
  it("yields every key in each reading, ratios between 0 and 1, at times that do not go back", async () => {
    const readings = await firstValueFrom(hostMetrics({ period: 20 }).pipe(take(8), toArray()));
    const keys = readings.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(["host cpu", "host memory", "event loop delay"]));
    for (const { key, value } of readings) {
      if (value === null || !["host cpu", "host memory"].includes(key)) continue;
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
    const times = readings.map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("reads nothing before it is subscribed to and stops its timers on unsubscription", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const source = hostMetrics({ period: 5 });
    expect(timers()).toBe(before);
    let readings = 0;
    const subscription = source.subscribe(() => readings++);
    await firstValueFrom(hostMetrics({ period: 10 }));
    subscription.unsubscribe();
    const seen = readings;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(readings).toBe(seen);
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
