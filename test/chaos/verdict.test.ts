/** The verdict itself: it must find what it is there to find. */
import { describe, expect, it } from "vitest";
import { partitionInput } from "./input.js";
import { scheduleOf } from "./schedule.js";
import { openShape } from "./shapes.js";
import { compareOutput, expectedOutput, type SeenRecord } from "./verdict.js";

const model = { hidden: 4, bpttSteps: 4, stride: 2, bpttWindows: 2 };
const { forecasts, deadLetters, updates } = expectedOutput(
  partitionInput(1, 0, 10),
  400,
  { topic: "readings", partition: 0 },
  { model, pipeline: { decode: { value: "reading.value" }, late: "dead-letter" } },
);

const counts = (actual: readonly SeenRecord[], ordered = true): number[] => {
  const { lost, duplicated, differing } = compareOutput(forecasts, actual, ordered);
  return [lost, duplicated, differing];
};

describe("the verdict of a chaos run", () => {
  it("expects a forecast or a dead letter of every record, of weights that change", () => {
    const identities = [...forecasts, ...deadLetters].map(({ identity }) => identity);
    expect(new Set(identities).size).toBe(400);
    expect(deadLetters.length).toBeGreaterThan(5);
    expect(updates).toBeGreaterThan(10);
  });

  it("finds nothing wrong with the same records", () => {
    expect(counts(forecasts)).toEqual([0, 0, 0]);
  });

  it("counts what is missing, what is there twice, and what was never expected", () => {
    expect(counts(forecasts.filter((_, i) => i % 100 !== 5))).toEqual([4, 0, 0]);
    expect(counts([...forecasts, forecasts[3]!, forecasts[3]!])).toEqual([0, 2, 0]);
    expect(counts([...forecasts, deadLetters[0]!])).toEqual([0, 0, 1]);
  });

  it("expects changes of incidents, each with an identity of its own, and finds one that is lost or doubled", () => {
    const { incidents: told } = expectedOutput(
      partitionInput(1, 0, 3),
      2000,
      { topic: "readings", partition: 0 },
      { model, pipeline: { decode: { value: "reading.value" } } },
    );
    expect(told.length).toBeGreaterThan(5);
    expect(new Set(told.map(({ identity }) => identity)).size).toBe(told.length);
    expect(compareOutput(told, told, true)).toMatchObject({ lost: 0, duplicated: 0, differing: 0 });
    expect(compareOutput(told, told.slice(1), true)).toMatchObject({ lost: 1, duplicated: 0, differing: 0 });
    expect(compareOutput(told, [...told, told[0]!], true)).toMatchObject({ lost: 0, duplicated: 1 });
  });

  it("counts a record that differs in one byte, and one out of its order where the order matters", () => {
    const changed = forecasts.with(7, { ...forecasts[7]!, bytes: `${forecasts[7]!.bytes} ` });
    expect(counts(changed)).toEqual([0, 0, 1]);
    const swapped = forecasts.with(7, forecasts[8]!).with(8, forecasts[7]!);
    expect(counts(swapped)).toEqual([0, 0, 1]);
    expect(counts(swapped, false)).toEqual([0, 0, 0]);
  });
});

describe.each(["windows", "measures"] as const)("the verdict of a run with %s", (name) => {
  it("tells every forecast from every other, and finds one that is lost", async () => {
    const shape = await openShape(name, "forecasts");
    const all = expectedOutput(
      partitionInput(1, 0, 10, shape.write),
      1500,
      { topic: "readings", partition: 0 },
      shape,
    );
    expect(all.forecasts.length).toBeGreaterThan(20);
    expect(all.deadLetters.length).toBeGreaterThan(20);
    expect(new Set(all.forecasts.map(({ identity }) => identity)).size).toBe(all.forecasts.length);
    expect(compareOutput(all.forecasts, all.forecasts, true)).toMatchObject({ lost: 0, differing: 0 });
    expect(compareOutput(all.forecasts, all.forecasts.slice(1), true)).toMatchObject({ lost: 1 });
    await shape.close();
  });
});

describe("the schedule of a chaos run", () => {
  it("has all the kills and rebalances that are asked for, the same for the same seed", () => {
    const steps = scheduleOf(5, { kills: 30, rebalances: 10 });
    const kinds = steps.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "kill")).toHaveLength(30);
    const scalings = kinds.filter((kind) => kind !== "kill");
    expect(scalings).toEqual(Array.from({ length: 10 }, () => ["grow", "shrink"]).flat());
    expect(scheduleOf(5, { kills: 30, rebalances: 10 })).toEqual(steps);
    expect(scheduleOf(6, { kills: 30, rebalances: 10 })).not.toEqual(steps);
  });

  it("loses each request of a transaction and each answer in turn, and pauses an instance only where it is alone", () => {
    const steps = scheduleOf(7, { kills: 5, rebalances: 5, pauses: 5, brokerRestarts: 3, cuts: 16 });
    const cuts = steps.filter((step) => step.kind === "cut");
    const places = new Set(cuts.map(({ request, what }) => `${what} of ${request}`));
    expect([cuts.length, places.size]).toEqual([16, 8]);
    expect(steps.filter(({ kind }) => kind === "restart-broker")).toHaveLength(3);
    const alone = steps.flatMap(({ kind }, at) => {
      const scalings = steps.slice(0, at).filter((step) => step.kind === "grow" || step.kind === "shrink");
      return kind === "pause" ? [scalings.length % 2 === 0] : [];
    });
    expect(alone).toEqual([true, true, true, true, true]);
  });
});
