/** What every telemetry must hold: it counts all it is told, keeps nothing of the caller's memory, and never throws. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errors, type ErrorCode } from "../../src/errors/errors.js";
import { forecastColumns, type ForecastColumns } from "../../src/forecast/columns.js";
import type { ForecastBatch, Telemetry } from "../../src/pipeline/telemetry.js";

/** A fresh telemetry and what it has to show. */
export interface TelemetryProbe {
  readonly telemetry: Telemetry;
  readonly events: () => number | Promise<number>;
  readonly rejections: (code: ErrorCode) => number | Promise<number>;
  readonly version: () => number | Promise<number>;
  /** Everything it tells its readers. */
  readonly report: () => string | Promise<string>;
}

const hostileKeys = [
  "__proto__",
  "constructor",
  "",
  "a\nb",
  "<script>",
  "\ud800",
  "\u0000",
  "k".repeat(10_000),
];

/** A batch with one number everywhere. */
export function uniformBatch(
  count: number,
  number: number,
  keys: readonly string[] = ["a", "b"],
): ForecastBatch {
  const columns = forecastColumns(count + 1);
  fill(columns, number);
  for (let row = 0; row < count; row++) columns.slots[row] = row % keys.length;
  return { count, columns, keyOf: (slot) => keys[slot]! };
}

function fill(columns: ForecastColumns, number: number): void {
  for (const column of Object.values(columns)) if (column instanceof Float64Array) column.fill(number);
}

export function telemetryContract(name: string, create: () => TelemetryProbe): void {
  describe(`${name} as telemetry`, () => {
    it("counts the rows of a batch and ignores those beyond its count", async () => {
      const probe = create();
      const batch = uniformBatch(7, 3);
      batch.columns.slots[7] = 99;
      probe.telemetry.forecasts(batch);
      probe.telemetry.forecasts({ ...batch, count: 0 });
      expect(await probe.events()).toBe(7);
    });

    it("keeps nothing of the columns, which are reused", async () => {
      const probe = create();
      const batch = uniformBatch(5, 2);
      probe.telemetry.forecasts(batch);
      const before = await create().report();
      const fresh = create();
      fresh.telemetry.forecasts(uniformBatch(5, 2));
      fill(batch.columns, -7);
      batch.columns.slots.fill(1);
      expect(await probe.report()).toBe(await fresh.report());
      expect(await probe.report()).not.toBe(before);
    });

    it("counts rejections by their code", async () => {
      const { telemetry, rejections } = create();
      const tell = (code: ErrorCode): void => telemetry.rejection({ code, message: "m", origin: "o" });
      tell("KEY_INVALID");
      tell("KEY_INVALID");
      tell("VALUE_OUT_OF_RANGE");
      expect(await rejections("KEY_INVALID")).toBe(2);
      expect(await rejections("VALUE_OUT_OF_RANGE")).toBe(1);
    });

    it("shows the version of the latest update, also after a restart that began above 1", async () => {
      const { telemetry, version } = create();
      telemetry.update({ version: 1841, loss: 0.3, gradientNorm: 0.2, windows: 32 });
      telemetry.update({ version: 1842, loss: 0.2, gradientNorm: 0.2, windows: 32 });
      expect(await version()).toBe(1842);
    });

    it("takes any numbers, keys and order of calls without an error", async () => {
      const numbers = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 1e308, -9999, 0));
      const codes = fc.constantFrom(...(Object.keys(errors) as ErrorCode[]));
      const call = fc.oneof(
        fc.record({ kind: fc.constant("forecasts" as const), count: fc.nat(20), number: numbers }),
        fc.record({ kind: fc.constant("rejection" as const), code: codes, message: fc.string() }),
        fc.record({
          kind: fc.constant("update" as const),
          version: fc.nat(),
          loss: numbers,
          gradientNorm: numbers,
        }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(call, { maxLength: 30 }), async (calls) => {
          const probe = create();
          let events = 0;
          for (const made of calls) {
            if (made.kind === "forecasts") {
              probe.telemetry.forecasts(uniformBatch(made.count, made.number, hostileKeys));
              events += made.count;
            } else if (made.kind === "rejection") probe.telemetry.rejection({ ...made, origin: "" });
            else probe.telemetry.update({ ...made, windows: 1 });
          }
          expect(await probe.events()).toBe(events);
          expect(typeof (await probe.report())).toBe("string");
        }),
        { numRuns: 60 },
      );
    });
  });
}
