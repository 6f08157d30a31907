// Which alarms people are told of: three tanks, a deviation that each event brings, a night for maintenance, a tank that
// falls silent, and a kind of incident that someone said is fine.
// Run with: npx tsx examples/gates.ts
import { createForecaster } from "undercurrent-forecast";

const begin = Date.UTC(2026, 1, 1);
const minute = 60_000;
const forecaster = createForecaster({
  featureCount: 1,
  detection: {
    // The first feature of an event: how many litres are worth an alarm.
    minimumDeviation: { absolute: { feature: 0 } },
    quiet: [{ from: "2026-02-02T00:00Z", to: "2026-02-02T04:00Z" }],
    silence: true,
  },
  onIncident: ({ key, change, time, kind, muted }) => {
    if (change !== "opened") return;
    console.log(`${new Date(time).toISOString()} ${key}: ${kind ?? "unknown"}${muted ? ", muted" : ""}`);
    // The leak of the second day is known from now on.
    if (!muted && kind !== undefined && kind !== "silence")
      forecaster.expectIncidents(key, kind, begin + 3 * 1440 * minute);
  },
});

for (let i = 0; i < 3 * 1440; i++) {
  const time = begin + i * minute;
  const level = (tank: number): number => 500 + 3 * Math.sin(i * 12.9898 + tank) + 2 * Math.sin(i * 78.233);
  // A valve is tried in the quiet night, then leaks; the second leak is expected, and the small tank's counts for nobody.
  const lost = i === 1500 || i === 2400 || i === 3000 ? 40 : 0;
  forecaster.observe([
    { key: "large", time, value: level(1) - lost, features: [20] },
    { key: "small", time, value: level(2) - lost, features: [50] },
    // The third tank's sensor stops on the second day.
    ...(i < 2000 ? [{ key: "third", time, value: level(3), features: [20] }] : []),
  ]);
}
forecaster.dispose();
