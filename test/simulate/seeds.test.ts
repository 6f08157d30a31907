/** Thousands of seeds of faults; SEED=n runs one and shows all that happened where it fails, SEEDS=n runs so many. */
import { expect, test } from "vitest";
import { simulate, type Happenings } from "./simulate.js";

const only = process.env["SEED"];
const count = Number(process.env["SEEDS"] ?? 2000);

test.runIf(only !== undefined)(`seed ${only} leaves the bytes of an uninterrupted run`, async () => {
  await simulate(Number(only));
});

test("a seed shown again takes the same steps", async () => {
  for (let seed = 1; seed <= 10; seed++) expect(await simulate(seed)).toEqual(await simulate(seed));
}, 1_800_000);

test.runIf(only === undefined)(
  `${count} seeds of crashes, zombies and rebalances leave the bytes of an uninterrupted run`,
  async () => {
    const all: Happenings[] = [];
    for (let seed = 1; seed <= count; seed++) all.push(await simulate(seed));
    const most = (name: keyof Happenings): number => Math.max(...all.map((happened) => happened[name]));
    // Else the seeds would prove little.
    expect(most("crashes")).toBeGreaterThan(3);
    expect(most("pauses")).toBeGreaterThan(2);
    expect(most("rebalances")).toBeGreaterThan(2);
    expect(most("stops")).toBeGreaterThan(2);
    expect(most("abandonments")).toBeGreaterThan(2);
    expect(most("retentions")).toBeGreaterThan(2);
    expect(most("uncertain")).toBeGreaterThan(3);
    expect(most("timeouts")).toBeGreaterThan(0);
    expect(most("fenced")).toBeGreaterThan(0);
    expect(most("replayed")).toBeGreaterThan(20);
    expect(most("feedback")).toBeGreaterThan(2);
    expect(most("promotions")).toBeGreaterThan(2);
  },
  1_800_000,
);
