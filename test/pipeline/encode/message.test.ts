import { expect, test } from "vitest";
import { forecastColumns } from "../../../src/forecast/columns.js";
import type { ForecastColumns } from "../../../src/forecast/columns.js";
import { JsonText } from "../../../src/pipeline/encode/json-text.js";
import { ForecastMessages } from "../../../src/pipeline/encode/message.js";

function text(messages: ForecastMessages, columns: ForecastColumns, row: number, key: string): string {
  messages.write(columns, row, () => key);
  return JsonText.shared().take().toString();
}

const time = Date.UTC(2026, 2, 1, 10, 0, 5);

test("a forecast message has the documented names, in their order", () => {
  const columns = forecastColumns(1);
  const row = {
    times: time,
    values: 41.2,
    yhat: 41.6,
    yhatLower: 40.9,
    yhatUpper: 42.4,
    yhatTime: time + 5000,
    expected: 41,
    anomalyScore: 0.31,
    version: 1841,
  } as const;
  for (const [name, value] of Object.entries(row)) columns[name as keyof typeof row][0] = value;
  const messages = new ForecastMessages((version) => `lstm32@${version}`);
  expect(text(messages, columns, 0, "pump-7")).toBe(
    '{"key":"pump-7","time":"2026-03-01T10:00:05.000Z","value":41.2,' +
      '"yhat":41.6,"yhat_lower":40.9,"yhat_upper":42.4,"yhat_time":"2026-03-01T10:00:10.000Z",' +
      '"expected":41.0,"anomaly_score":0.31,"model":"lstm32@1841"}',
  );
});

test("further steps come as an array, each with its time", () => {
  const columns = forecastColumns(2, 3);
  columns.times.fill(time);
  columns.yhatTime.fill(time + 5000);
  columns.steps.yhat.set([0, 0, 41.7, 41.8]);
  columns.steps.yhatLower.set([0, 0, 40, NaN]);
  columns.steps.yhatUpper.set([0, 0, 43, NaN]);
  const messages = new ForecastMessages(() => "lstm32@1");
  const { horizon } = JSON.parse(text(messages, columns, 1, "a")) as { horizon: unknown };
  expect(horizon).toEqual([
    { step: 2, yhat: 41.7, yhat_lower: 40, yhat_upper: 43, yhat_time: "2026-03-01T10:00:15.000Z" },
    { step: 3, yhat: 41.8, yhat_lower: null, yhat_upper: null, yhat_time: "2026-03-01T10:00:20.000Z" },
  ]);
});

test("numbers of a measure are alike: whole ones have a fraction, steps have none", () => {
  const columns = forecastColumns(1, 2);
  for (const group of [columns, columns.steps]) {
    for (const column of Object.values(group)) if (column instanceof Float64Array) column.fill(7);
  }
  const written = text(new ForecastMessages(() => "lstm32@1"), columns, 0, "a");
  for (const name of ["value", "yhat", "yhat_lower", "yhat_upper", "expected", "anomaly_score"]) {
    expect(written).toContain(`"${name}":7.0`);
  }
  expect(written).toContain('"horizon":[{"step":2,"yhat":7.0,"yhat_lower":7.0,"yhat_upper":7.0,');
});

test("several levels come as intervals, of the next value and of each step; one level as none", () => {
  const columns = forecastColumns(2, 3, [0.9, 0.5]);
  columns.times.fill(time);
  columns.yhatTime.fill(time + 5000);
  columns.intervals.yhatLower.set([0, 0, 39, 40.5]);
  columns.intervals.yhatUpper.set([0, 0, 43, 41.5]);
  columns.intervals.stepLower.set([0, 0, 0, 0, 1, 2, NaN, NaN]);
  columns.intervals.stepUpper.set([0, 0, 0, 0, 4, 3, NaN, NaN]);
  const messages = new ForecastMessages(() => "lstm32@1");
  const written = text(messages, columns, 1, "a");
  expect(written).toContain(
    '"yhat_upper":0.0,"intervals":[{"level":0.9,"lower":39.0,"upper":43.0},{"level":0.5,"lower":40.5,"upper":41.5}],' +
      '"yhat_time":',
  );
  expect(written).toContain(
    '"intervals":[{"level":0.9,"lower":1.0,"upper":4.0},{"level":0.5,"lower":2.0,"upper":3.0}],"yhat_time":',
  );
  const none = { lower: null, upper: null };
  expect((JSON.parse(written) as { horizon: unknown[] }).horizon[1]).toMatchObject({
    intervals: [
      { level: 0.9, ...none },
      { level: 0.5, ...none },
    ],
  });
  expect(text(messages, forecastColumns(1, 3, [0.9]), 0, "a")).not.toContain("intervals");
});

test("what there is not is null, and hostile keys stay JSON", () => {
  const columns = forecastColumns(2);
  for (const column of Object.values(columns)) if (column instanceof Float64Array) column.fill(NaN);
  columns.slots.fill(0);
  columns.version.fill(0);
  columns.times.fill(time);
  columns.values[1] = -1e-300;
  columns.yhatTime[1] = 1e20;
  const messages = new ForecastMessages(() => "gru4@0");
  const key = 'a"\\\n\u0000__proto__🌊';
  const [first, second] = [0, 1].map(
    (row) => JSON.parse(text(messages, columns, row, key)) as Record<string, unknown>,
  );
  expect(first).toMatchObject({ key, value: null, yhat: null, yhat_time: null, anomaly_score: null });
  expect(second).toMatchObject({ value: -1e-300, yhat_time: null });
});

test("a message names the incident that its value belongs to, behind the model, and has no such field without one", () => {
  const columns = forecastColumns(2);
  columns.incident.set([NaN, 1234]);
  const messages = new ForecastMessages(
    () => "lstm32@1",
    (position) => `readings-0-${position}`,
  );
  const [without, within] = [0, 1].map((row) => text(messages, columns, row, "a"));
  expect(without).not.toContain("incident");
  expect(within).toMatch(/"model":"lstm32@1","incident":"readings-0-1234"\}$/);
});
