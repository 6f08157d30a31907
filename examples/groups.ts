// Ten pumps of a site that all run a little hot at once: one incident of the site, though none of them alarms.
// Run with: npx tsx examples/groups.ts
import { createForecaster } from "undercurrent-forecast";

const begin = Date.UTC(2026, 1, 1);
const minute = 60_000;
/** Noise that is the same in every run: the sum of some uniform numbers (mulberry32). */
let seed = 1;
const random = (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};
const noise = (): number => Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6);

const forecaster = createForecaster({
  detection: { group: "^([^/]+)/" },
  alarmRate: 0.0002,
  onIncident: ({ key, change, time, kind = "unknown" }) => {
    if (change === "opened") console.log(`${new Date(time).toISOString()} ${key} by itself: ${kind}`);
  },
  onGroupIncident: ({ change, time, group, peak, began = "none" }) => {
    const what = change === "closed" ? "" : `, ${began} first`;
    console.log(`${new Date(time).toISOString()} ${group} ${change}: ${peak.value} pumps deviated${what}`);
  },
});
for (let i = 0; i < 1000; i++) {
  const hot = i >= 900 && i < 910 ? 2 : 0;
  forecaster.observe(
    Array.from({ length: 20 }, (_, pump) => ({
      key: `${pump < 10 ? "north" : "south"}/${pump}`,
      time: begin + i * minute,
      value: 60 + noise() + (pump < 10 ? hot : 0),
    })),
  );
}
forecaster.dispose();
