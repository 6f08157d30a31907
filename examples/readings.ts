/** The operator on a stream of one's own: a thermometer with a daily wave, and a fault on the last day. */
import { from } from "rxjs";
import { forecast } from "undercurrent-forecast";

const hour = 3_600_000;
const readings = Array.from({ length: 24 * 60 }, (_, i) => ({
  sensor: "attic",
  at: Date.UTC(2026, 0, 1) + i * hour,
  celsius: 20 + 5 * Math.sin((i / 24) * 2 * Math.PI) + 0.2 * Math.sin(i * 12.9898) + (i === 1430 ? 6 : 0),
}));

from(readings)
  .pipe(forecast({ key: (r) => r.sensor, time: (r) => r.at, value: (r) => r.celsius }))
  .subscribe((f) => {
    if (f.event.at < Date.UTC(2026, 1, 28, 12)) return;
    const mark = f.anomalyScore > 1 ? `  <- anomaly, score ${f.anomalyScore.toFixed(1)}` : "";
    console.log(new Date(f.time).toISOString(), f.value.toFixed(2), "expected", f.expected.toFixed(2), mark);
  });
