/** The repartition in the simulator: the records of every partition once and in order, whatever crashes and when. */
import { expect, test } from "vitest";
import { repartition, type RepartitionBy } from "../../src/pipeline/repartition/repartition.js";
import type { Committer, Source } from "../../src/pipeline/ports.js";
import type { RunOptions } from "../../src/pipeline/run.js";
import { simulate, SimulationFailed, type Happenings } from "./simulate.js";

const count = Number(process.env["SEEDS"] ?? 20);

const by =
  (how: RepartitionBy) =>
  (source: Source, committer: Committer, { decode, commit, clock, stop, format }: RunOptions = {}) =>
    repartition(source, committer, {
      ...{ topic: "by-key", by: how, decode: decode ?? {}, commit: commit ?? {}, format },
      ...(clock !== undefined && { clock }),
      ...(stop !== undefined && { stop }),
    });

test.each(["key", "partition"] as const)(
  "by %s writes each record once and in order under crashes, zombies and rebalances",
  async (how) => {
    const all: Happenings[] = [];
    for (let seed = 1; seed <= count; seed++) all.push(await simulate(seed, { pipeline: by(how) }));
    const most = (name: keyof Happenings): number => Math.max(...all.map((happened) => happened[name]));
    // Else the seeds would prove little.
    expect(most("crashes")).toBeGreaterThan(2);
    expect(most("rebalances")).toBeGreaterThan(1);
    expect(most("uncertain")).toBeGreaterThan(2);
    expect(most("fenced")).toBeGreaterThan(0);
  },
  600_000,
);

test("finds a committer that loses the records of a commit whose end was not heard", async () => {
  const committer = (inner: Committer): Committer => ({
    commit: (assignment, commit) =>
      inner.commit(assignment, commit.offset % 7 === 0 ? { ...commit, routed: [] } : commit),
  });
  await expect(simulate(1, { pipeline: by("key"), committer })).rejects.toThrow(SimulationFailed);
});
