// A candidate beside the live model, and the commands promote and demote, on a real broker.
import { afterEach, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { startCommand, startService } from "../../support/service.js";
import { eventsWithFaults } from "../../support/faults.js";
import { quick } from "../../support/streams.js";
import { committed, deployment, produce, type Deployment } from "./deployment.js";

afterEach(endChildren);

async function command(where: Deployment, ...words: string[]): Promise<readonly string[]> {
  const child = startCommand(words, where);
  expect([await child.ended, child.err]).toEqual([0, []]);
  return child.out;
}

async function serve(where: Deployment, offset: number): Promise<void> {
  const service = startService(where);
  await committed(service, 0, offset);
  expect(await service.end()).toBe(0);
}

async function serveBoth(where: Deployment, offset: number): Promise<void> {
  const service = startService(where);
  for (const partition of [0, 1]) await committed(service, partition, offset);
  expect(await service.end()).toBe(0);
}

const valuesOf = async (topic: string, atLeast: number): Promise<string[]> =>
  (await broker.readCommitted(topic, atLeast))[0]!.map(({ value }) => value!.toString());

describeWithBroker("a candidate", () => {
  test("is promoted and demoted at a commit, while the metrics show both", async () => {
    const base = await deployment(1, { model: quick, commit: { maxEvents: 10 } });
    const alone = await deployment(1, { model: { ...quick, cell: "gru" } });
    const candidate = broker.name("candidate");
    await broker.createTopics({ [candidate]: { partitions: 1 } });
    // Without the incidents the commands need the service stopped.
    const { incidents: _, ...topics } = base.topics;
    const where = {
      ...base,
      topics: { ...topics, candidate },
      candidate: { model: { cell: "gru" } },
      server: { enabled: true, port: 0 },
    } as unknown as Deployment;
    await produce(where, 0, 60);
    await produce(alone, 0, 90);
    const first = startService(where);
    await committed(first, 0, 60);
    const { url } = JSON.parse(await first.line(/"event":"serving"/)) as { url: string };
    const metrics = await (await fetch(new URL("metrics", url))).text();
    expect(metrics).toMatch(/^undercurrent_events_total 60$/m);
    expect(metrics).toMatch(/^undercurrent_events_total\{role="candidate"\} 60$/m);
    expect(metrics).toMatch(/^undercurrent_skill_ratio\{role="candidate"\}/m);
    expect(await first.end()).toBe(0);
    expect(await command(where, "promote")).toEqual([
      "partition 0: 3 keys, snapshot at offset 60; live from offset 60",
    ]);
    expect(await command(where, "promote")).toEqual(["partition 0: unchanged, the model is live already"]);
    await produce(where, 0, 30, 60);
    await serve(where, 90);
    await serve(alone, 90);
    const ofAlone = await valuesOf(alone.topics.forecasts, 90);
    expect((await valuesOf(candidate, 90)).slice(0, 60)).toEqual(ofAlone.slice(0, 60));
    expect((await valuesOf(where.topics.forecasts, 90)).slice(60)).toEqual(ofAlone.slice(60));
    expect(await command(where, "demote")).toEqual([
      "partition 0: 3 keys, snapshot at offset 90; live from offset 90",
    ]);
    expect((await command(where, "state", "inspect")).join("\n")).toContain("candidate gru8@");
  }, 300_000);

  test("is compared with the live model by a dry run, which writes nothing", async () => {
    const where = await deployment(1, { model: quick, candidate: { model: { cell: "gru" } } });
    await produce(where, 0, 120);
    const trial = startService(where, { args: ["--dry-run"] });
    expect(await trial.ended).toBe(0);
    expect(trial.out).toHaveLength(120);
    const line = trial.err.find((each) => each.includes('"event":"compared"'))!;
    const { live, candidate } = JSON.parse(line) as Readonly<Record<string, object>>;
    expect(live).toMatchObject({
      model: "lstm8",
      events: 120,
      anomalies: 0,
      skill: expect.any(Number) as number,
    });
    expect(candidate).toMatchObject({ model: "gru8", events: 120, skill: expect.any(Number) as number });
  }, 300_000);

  test("is promoted while the service runs, over a rebalance, and explained afterwards", async () => {
    const base = await deployment(2, { model: quick, commit: { maxEvents: 10 } });
    const alone = await deployment(2, { model: { ...quick, cell: "gru" } });
    const [candidate, incidents] = [broker.name("candidate"), broker.name("incidents")];
    await broker.createTopics({ [candidate]: { partitions: 2 }, [incidents]: { partitions: 2 } });
    const where = {
      ...base,
      topics: { ...base.topics, candidate, incidents },
      candidate: { model: { cell: "gru" } },
    } as Deployment;
    for (const each of [where, alone]) {
      for (const partition of [0, 1]) await produce(each, partition, 60);
    }
    const first = startService(where);
    for (const partition of [0, 1]) await committed(first, partition, 60);
    expect(await command(where, "promote")).toEqual([
      "commanded 2 partitions: the service makes gru8 the live model with its next commit",
    ]);
    for (const partition of [0, 1]) {
      await first.line(new RegExp(`"event":"promoted".*"partition":${partition},"offset":60,"model":"gru8@`));
    }
    // Another instance takes a partition over, and nobody gives the command again.
    const second = startService(where);
    await second.line(/"event":"live"/);
    for (const each of [where, alone]) {
      for (const partition of [0, 1]) await produce(each, partition, 30, 60);
    }
    for (const topic of [where.topics.forecasts, candidate]) await broker.readCommitted(topic, 180);
    expect(await second.end()).toBe(0);
    expect(await first.end()).toBe(0);
    expect(second.err.filter((line) => line.includes('"promoted"'))).toEqual([]);
    await serveBoth(alone, 90);
    const ofAlone = await broker.readCommitted(alone.topics.forecasts, 180);
    const ofLive = await broker.readCommitted(where.topics.forecasts, 180);
    const ofCandidate = await broker.readCommitted(candidate, 180);
    for (const partition of [0, 1]) {
      const [one, two, three] = [ofAlone, ofLive, ofCandidate].map((found) =>
        found[partition]!.map(({ value }) => value!.toString()),
      );
      expect(three!.slice(0, 60)).toEqual(one!.slice(0, 60));
      expect(two!.slice(60)).toEqual(one!.slice(60));
    }
    for (const [offset, model] of [
      ["59", "lstm8"],
      ["60", "gru8"],
      ["89", "gru8"],
    ]) {
      const text = await command(where, "explain", "--partition", "1", "--offset", offset!);
      expect(text.join("\n")).toMatch(/holds the same forecast, byte for byte/);
      expect(text.join("\n")).toContain(`model ${model}@`);
      const beside = await command(where, "explain", "--candidate", "--partition", "1", "--offset", offset!);
      expect(beside.join("\n")).toMatch(/holds the same forecast, byte for byte/);
      expect(beside.join("\n")).toContain(`model ${model === "gru8" ? "lstm8" : "gru8"}@`);
    }
    expect((await command(where, "state", "inspect")).join("\n")).toMatch(/model gru8@\d+, candidate lstm8@/);
  }, 300_000);

  test("has incidents in a topic of its own, and takes commands from the topic that is set for them, each once", async () => {
    const base = await deployment(1, { commit: { maxEvents: 20 } });
    const alone = await deployment(1, { model: { cell: "gru" } });
    const topics = {
      candidateIncidents: broker.name("candidate-incidents"),
      feedback: broker.name("feedback"),
    };
    await broker.createTopics(
      Object.fromEntries(Object.values(topics).map((topic) => [topic, { partitions: 1 }])),
    );
    const events = eventsWithFaults(900, 2);
    for (const each of [base, alone]) {
      const records = events.map(({ key, time, value }) => ({
        ...{ key, value: JSON.stringify({ value }), timestamp: Date.UTC(2026, 0, 1) + time },
      }));
      await broker.produce(each.topics.input, 0, records);
    }
    const candidate = { model: { cell: "gru" } };
    const { feedback, candidateIncidents } = topics;
    const before: Deployment = { ...base, candidate, topics: { ...base.topics, candidateIncidents } };
    const after: Deployment = { ...before, topics: { ...before.topics, feedback } };
    const first = startService(before);
    await committed(first, 0, 900);
    await serve(alone, 900);
    const expected = await valuesOf(alone.topics.incidents, 2);
    expect(await valuesOf(candidateIncidents, expected.length)).toEqual(
      expected.map((value) => value.replaceAll(alone.topics.input, base.topics.input)),
    );
    const listed = async (...words: string[]): Promise<readonly { readonly id: string }[]> => {
      const [text] = await command(before, "incidents", "--json", ...words);
      return (JSON.parse(text!) as { readonly incidents: { readonly id: string }[] }).incidents;
    };
    const idsOf = (values: readonly string[]): string[] =>
      [...new Set(values.map((value) => (JSON.parse(value) as { readonly id: string }).id))].sort();
    expect((await listed("--candidate")).map(({ id }) => id).sort()).toEqual(
      idsOf(await valuesOf(candidateIncidents, 2)),
    );
    expect((await listed()).map(({ id }) => id).sort()).toEqual(
      idsOf(await valuesOf(base.topics.incidents, 2)),
    );
    const [{ id }] = (await listed("--candidate")) as [{ readonly id: string }];
    expect((await command(before, "incidents", "ack", id, "--candidate")).join("")).toContain(`${id}: no `);
    const derived = await command(before, "explain", "--candidate", "--incident", id);
    expect(derived.join("\n")).toContain("holds the same changes, byte for byte");
    const unnamed = startCommand(["incidents", "--candidate"], base);
    expect(await unnamed.ended).toBe(2);
    expect(unnamed.err[0]).toMatch(/^error SETTING_INVALID: topics\.candidateIncidents is not set/);
    await command(before, "promote");
    await first.line(/"event":"promoted".*"model":"gru/);
    expect(await first.end()).toBe(0);
    const second = startService(after);
    await second.line(/"event":"live"/);
    await command(after, "demote");
    await second.line(/"event":"promoted".*"model":"lstm/);
    expect(await second.end()).toBe(0);
    for (const where of [after, before]) {
      const next = startService(where);
      await next.line(/"event":"live"/);
      await produce(where, 0, 1);
      await next.line(/"event":"committed".*"forecasts":1/);
      expect(await next.end()).toBe(0);
      expect(next.err.filter((line) => line.includes('"promoted"'))).toEqual([]);
    }
    // Nobody promotes a model by mistake that has just begun.
    const untaught: Deployment = { ...after, candidate: { model: { cell: "rnn" } } };
    const last = startService(untaught);
    await last.line(/"event":"live"/);
    expect(await last.end()).toBe(0);
    const refused = startCommand(["promote"], untaught);
    expect(await refused.ended).not.toBe(0);
    expect(refused.err.join("\n")).toContain("the candidate has learned nothing yet");
    expect((await command(untaught, "promote", "--force")).join("")).toContain("commanded 1 partition");
  }, 300_000);
});
