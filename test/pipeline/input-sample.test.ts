import { describe, expect, test } from "vitest";
import { InputSample, type SampleFinding } from "../../src/pipeline/input-sample.js";
import { forecasterSettings, type ForecasterOptions } from "../../src/forecast/settings.js";
import type { InputRecord } from "../../src/pipeline/ports.js";
import { pipelineSettings, type PipelineOptions } from "../../src/pipeline/settings.js";
import { bytes, jsonRecord, start } from "./records.js";

type Placed = readonly [partition: number, record: InputRecord];

function judge(
  records: readonly Placed[],
  options: PipelineOptions = {},
  model: ForecasterOptions = {},
): readonly SampleFinding[] {
  const { decode } = pipelineSettings(options);
  const sample = new InputSample({ decode, model: forecasterSettings(model) }, start);
  for (const [partition, record] of records) sample.add(partition, record);
  return sample.findings();
}

const readings = (count: number, of: (i: number) => Partial<InputRecord> = () => ({})): Placed[] =>
  Array.from({ length: count }, (_, i) => [0, { ...jsonRecord(i, `key-${i % 2}`, { value: i }), ...of(i) }]);

describe("a sample of the input", () => {
  test("of good records has nothing to say", () => {
    expect(judge(readings(50))).toEqual([{ level: "ok", message: "50 sampled records are readable" }]);
    expect(judge([])).toEqual([{ level: "ok", message: "the input is empty, nothing to check" }]);
  });

  test("of events that are counted asks for no value, and of other windows for one", () => {
    const clicks = Array.from({ length: 50 }, (_, i): Placed => [
      0,
      jsonRecord(i, `page-${i % 2}`, { user: `u${i}` }),
    ]);
    const judged = (aggregate: ForecasterOptions["aggregate"]): readonly SampleFinding[] => {
      const { decode } = pipelineSettings();
      const sample = new InputSample(
        { decode, model: forecasterSettings({ kind: "count" }), aggregate },
        start,
      );
      for (const [partition, record] of clicks) sample.add(partition, record);
      return sample.findings();
    };
    const fine = [{ level: "ok", message: "50 sampled records are readable" }];
    expect(judged({ every: "1m" })).toEqual(fine);
    expect(judged({ every: "1m", by: "count" })).toEqual(fine);
    expect(judged({ every: "1m", by: "mean" })).toMatchObject([{ level: "error", code: "INPUT_UNUSABLE" }]);
    expect(judged(undefined)).toMatchObject([{ level: "error" }]);
  });

  test("tells local times that are taken as UTC, once, unless a zone is named", () => {
    const local = Array.from({ length: 40 }, (_, i): Placed => [
      0,
      jsonRecord(i, "a", { value: i, at: `2026-03-01 10:${10 + i}` }),
    ]);
    expect(judge(local, { decode: { time: "at" } })).toEqual([
      {
        level: "warning",
        message:
          "times name no zone and are taken as UTC: 2026-03-01 10:10 is 2026-03-01T10:10:00.000Z; " +
          "for local times set decode.timeZone, such as Europe/Berlin",
      },
    ]);
    expect(judge(local, { decode: { time: "at", timeZone: "UTC" } })).toMatchObject([{ level: "ok" }]);
  });

  test("names the share that would be rejected, by code", () => {
    const some = readings(40, (i) => (i % 10 === 3 ? { value: bytes("{") } : i === 5 ? { key: null } : {}));
    expect(judge(some)).toEqual([
      {
        level: "warning",
        message: expect.stringMatching(
          /^5 of 40 sampled records \(13 %\) would be rejected: 4 RECORD_UNREADABLE \(the first: .*\), 1 KEY_INVALID/,
        ) as string,
      },
    ]);
  });

  test("is unusable where all would be rejected", () => {
    expect(judge(readings(30), { decode: { value: "valeu" } })).toMatchObject([
      { level: "error", code: "INPUT_UNUSABLE", message: expect.stringContaining("30 of 30") as string },
    ]);
  });

  test.each([
    ["epoch seconds", 1 / 1000, "1970-01-20"],
    ["epoch microseconds", 1000, "+055840"],
  ])("is unusable where times are %s, and odd where some are", (_, factor, shown) => {
    const scaled = (from: number): Placed[] =>
      readings(30, (i) => (i < from ? {} : { timestamp: Math.round((start + 1000 * i) * factor) }));
    const [all] = judge(scaled(0));
    expect(all).toMatchObject({ level: "error", code: "INPUT_UNUSABLE" });
    expect(all!.message).toContain(`30 of 30 sampled times are implausible, the first is ${shown}`);
    expect(judge(scaled(20))).toMatchObject([{ level: "warning" }]);
  });

  test("is unusable where every value is missing, and odd where none changes", () => {
    const valued = (value: unknown): Placed[] =>
      readings(60, (i) => ({ value: bytes(JSON.stringify({ value })), timestamp: start + i }));
    expect(judge(valued(null))).toMatchObject([
      { code: "INPUT_UNUSABLE", message: "all 60 sampled values are missing; check decode.value" },
    ]);
    expect(judge(valued(7))).toMatchObject([
      { level: "warning", message: expect.stringMatching(/^2 of 2 keys/) as string },
    ]);
    expect(judge(valued(7).slice(0, 30))).toMatchObject([{ level: "ok" }]);
  });

  test("names values beyond what the model is told of them", () => {
    const outside = judge(readings(40), {}, { bounds: { min: 3, max: 30 } });
    expect(outside).toMatchObject([
      {
        level: "warning",
        message: expect.stringMatching(
          /^12 of 40 sampled values lie outside model.bounds or model.kind, the first is 0: .* 3 … 30$/,
        ) as string,
      },
    ]);
    expect(judge(readings(40), {}, { kind: "count", bounds: { max: 39 } })).toMatchObject([{ level: "ok" }]);
  });

  test("names integers of a Java producer that are read as text, whatever else holds", () => {
    const integers = readings(40, (i) => ({ key: Uint8Array.of(0, 0, 0, i % 4) }));
    expect(judge(integers)).toMatchObject([
      {
        level: "warning",
        message: expect.stringMatching(
          /^4 of 4 sampled keys hold zero bytes .*decode\.keyFormat: int32/,
        ) as string,
      },
    ]);
    expect(judge(integers, { decode: { keyFormat: "int32" } })).toMatchObject([{ level: "ok" }]);
  });

  test("names keys that come in several partitions, and what to do", () => {
    const spread = readings(40).map(([, record], i): Placed => [i % 5, record]);
    expect(judge(spread)).toMatchObject([
      {
        level: "warning",
        message: expect.stringMatching(
          /^2 of 2 sampled keys arrive in several partitions \("key-0" in 0 and 1 and 2 and 3 and 4, .*topics\.repartition: true.*docs\/operating.md/,
        ) as string,
      },
    ]);
    const sample = new InputSample(
      { decode: pipelineSettings().decode, model: forecasterSettings(), isPlacedByKey: true },
      start,
    );
    for (const [partition, record] of spread) sample.add(partition, record);
    expect(sample.sharedKeys).toBe(1);
    expect(sample.findings()).toMatchObject([{ level: "ok" }]);
    expect(sample.findings(false)).toMatchObject([
      { level: "warning", message: expect.stringContaining("in several partitions") as string },
    ]);
  });
});
