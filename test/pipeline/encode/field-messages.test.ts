import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { forecastColumns, type ForecastColumns } from "../../../src/forecast/columns.js";
import { encodeSchema, outputFields, type EncodeSettings } from "../../../src/pipeline/encode-settings.js";
import { FieldMessages } from "../../../src/pipeline/encode/field-messages.js";
import { JsonText } from "../../../src/pipeline/encode/json-text.js";
import { ForecastMessages } from "../../../src/pipeline/encode/message.js";
import type { z } from "zod";

const time = Date.UTC(2026, 2, 1, 10, 0, 5);
const origin = { topic: "readings", partition: 3 };
const modelName = (version: number): string => `lstm32@${version}`;

type Given = z.input<typeof encodeSchema>;
const settings = (given: Given): EncodeSettings => encodeSchema.parse(given);

function filled(horizon = 1, levels: readonly number[] = []): ForecastColumns {
  const columns = forecastColumns(2, horizon, levels);
  const row = {
    times: time,
    values: 41.2,
    yhat: 41.6,
    yhatLower: 40.9,
    yhatUpper: 42.4,
    yhatTime: time + 5000,
    expected: 41,
    expectedLower: 40,
    expectedUpper: 42,
    anomalyScore: 0.31,
    version: 1841,
  } as const;
  for (const [name, value] of Object.entries(row)) columns[name as keyof typeof row].fill(value);
  for (const [group, value] of [
    [columns.steps, 43],
    [columns.intervals, 44],
  ] as const) {
    for (const column of Object.values(group) as unknown[])
      if (column instanceof Float64Array) column.fill(value);
  }
  return columns;
}

function written(given: Given, columns: ForecastColumns, offset = 17, key = "pump-7"): string {
  const { steps, intervals } = columns;
  const shape = { horizon: steps.horizon, levels: Math.max(1, intervals.levels.length) };
  const source = { application: "pumps", origin, modelName, ...shape };
  const messages = new FieldMessages(settings(given), source);
  messages.write(columns, 0, () => key, offset);
  return JsonText.shared().take().toString();
}

describe("chosen fields", () => {
  test("are written in their order, under their names", () => {
    const fields: Given["fields"] = ["alarm", { field: "yhat", as: "forecast" }, "key", "time"];
    expect(written({ fields }, filled())).toBe(
      '{"alarm":false,"forecast":41.6,"key":"pump-7","time":"2026-03-01T10:00:05.000Z"}',
    );
  });

  test("tell the application and the place of the observation", () => {
    const fields: Given["fields"] = ["application", "topic", "partition", "offset"];
    for (const offset of [0, 17, 4_294_967_296, Number.MAX_SAFE_INTEGER]) {
      expect(written({ fields }, filled(), offset)).toBe(
        `{"application":"pumps","topic":"readings","partition":3,"offset":${offset}}`,
      );
    }
  });

  test("tell an alarm of a score above 1, and none of a score that is missing", () => {
    const alarm = (score: number): string => {
      const columns = filled();
      columns.anomalyScore.fill(score);
      return written({ fields: ["alarm"] }, columns);
    };
    expect([1, 1.01, NaN].map(alarm)).toEqual(['{"alarm":false}', '{"alarm":true}', '{"alarm":false}']);
  });

  test("that are those of every record give its bytes, for any row", () => {
    const number = fc.double({ noNaN: false });
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.array(number, { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom([], [0.9, 0.5]),
        (key, values, horizon, levels) => {
          const columns = filled(horizon, levels);
          const all = [columns, columns.steps, columns.intervals].flatMap(
            (group) => Object.values(group) as unknown[],
          );
          let next = 0;
          for (const column of all)
            if (column instanceof Float64Array)
              for (let i = 0; i < column.length; i++) column[i] = values[next++ % 40]!;
          columns.times.fill(time);
          columns.incident.fill(NaN);
          columns.version.fill(7);
          const absent = new Set(["incident"]);
          if (horizon === 1) absent.add("horizon");
          if (levels.length === 0) absent.add("intervals");
          const usual = outputFields.slice(0, 13).filter((name) => !absent.has(name));
          new ForecastMessages(modelName).write(columns, 0, () => key);
          const expected = JsonText.shared().take().toString();
          expect(written({ fields: [...usual] }, columns, 17, key)).toBe(expected);
        },
      ),
    );
  });

  test("are refused where two have one name, a name is none, or the model has no such thing", () => {
    const refused = (fields: unknown): boolean => !encodeSchema.safeParse({ fields }).success;
    expect(refused(["yhat", { field: "value", as: "yhat" }])).toBe(true);
    expect(refused([{ field: "value", as: "my value" }])).toBe(true);
    expect(refused(["y"])).toBe(true);
    expect(() => written({ fields: ["horizon"] }, filled())).toThrow(
      /^encode\.fields: horizon needs a model\.horizon above 1$/,
    );
    expect(() => written({ fields: ["intervals"] }, filled())).toThrow(
      /^encode\.fields: intervals needs several /,
    );
  });
});

describe("a record for Kafka Connect", () => {
  interface Envelope {
    readonly schema: { readonly fields: readonly { readonly field: string; readonly type: string }[] };
    readonly payload: Readonly<Record<string, unknown>>;
  }

  test("has a schema of its fields in their order, and times as milliseconds", () => {
    const { schema, payload } = JSON.parse(
      written({ format: "connect-json" }, filled(2, [0.9, 0.5])),
    ) as Envelope;
    expect(schema.fields.map(({ field }) => field)).toEqual(Object.keys(payload));
    expect(payload).toMatchObject({
      key: "pump-7",
      time,
      yhat: 41.6,
      yhat_time: time + 5000,
      intervals: [{ level: 0.9 }, { level: 0.5 }],
      horizon: [{ step: 2, yhat: 43, yhat_time: time + 10_000, intervals: [{ level: 0.9 }, { level: 0.5 }] }],
    });
  });

  test("has null for what is missing, also for a time", () => {
    const columns = filled();
    columns.yhat.fill(NaN);
    columns.yhatTime.fill(NaN);
    const fields: Given["fields"] = ["yhat", "yhat_time", "alarm"];
    const { schema, payload } = JSON.parse(written({ format: "connect-json", fields }, columns)) as Envelope;
    expect(payload).toEqual({ yhat: null, yhat_time: null, alarm: false });
    expect(schema.fields).toMatchObject([{ optional: true }, { optional: true }, { optional: false }]);
  });
});
