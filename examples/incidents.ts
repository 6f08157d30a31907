/** Incidents instead of scores: a thermometer with a daily wave, whose sensor is moved for six hours on the last day. */
import { from } from "rxjs";
import { forecastIncidents } from "undercurrent-forecast";

const quarter = 900_000;
const readings = Array.from({ length: 4 * 24 * 40 }, (_, i) => ({
  sensor: "attic",
  at: Date.UTC(2026, 0, 1) + i * quarter,
  celsius:
    20 + 5 * Math.sin((i / 96) * 2 * Math.PI) + 0.2 * Math.sin(i * 12.9898) + (i >= 3700 && i < 3724 ? 8 : 0),
}));

from(readings)
  .pipe(forecastIncidents({ key: (r) => r.sensor, time: (r) => r.at, value: (r) => r.celsius }))
  .subscribe(({ id, time, change, kind, direction, severity }) => {
    const what = [id, change, kind, direction ?? "", `severity ${severity.toFixed(1)}`];
    console.log(new Date(time).toISOString(), ...what);
  });
