/** The first program of docs/library.md: a stream of readings, and which of them are anomalies. */
import { from } from "rxjs";
import { anomalies, forecast } from "undercurrent-forecast";

interface Reading {
  readonly sensor: string;
  readonly at: number; // epoch milliseconds; a Date or an ISO 8601 text will do too
  readonly celsius: number;
}

// Your stream in place of this one: a reading a minute, a wave, some noise, and a fault.
const readings = Array.from({ length: 3000 }, (_, i): Reading => ({
  sensor: "pump-7",
  at: Date.UTC(2026, 2, 1) + i * 60_000,
  celsius: i === 2900 ? 95 : 40 + 5 * Math.sin(i / 50) + Math.sin(i * i) + Math.sin(1.7 * i * i),
}));
const readings$ = from(readings);

const read = { key: (r: Reading) => r.sensor, time: (r: Reading) => r.at, value: (r: Reading) => r.celsius };
const alarmRate = 0.0001; // how many ordinary values alarm: 1 in 10,000
const forecasts$ = readings$.pipe(forecast({ ...read, alarmRate }));
forecasts$.pipe(anomalies()).subscribe((f) => console.log(f.key, f.value, "expected", f.expected));
