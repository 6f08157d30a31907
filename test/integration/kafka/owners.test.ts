// Whose a state is, and which topic it is of: two applications, and topics that are made again, on a real broker.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { topicIds } from "../../../src/adapters/kafka/admin/topic-ids.js";
import type { KafkaOptions } from "../../../src/adapters/kafka/options.js";
import { openWriter } from "../../../src/adapters/kafka/producer/writer.js";
import { kafkaOptions } from "../../../src/cli/shared/kafka-options.js";
import { withInput } from "../../../src/cli/shared/inputs.js";
import { configSchema } from "../../../src/config/schema.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, type Child } from "../../support/child.js";
import { startCommand, startService, type Settings } from "../../support/service.js";
import { quick } from "../../support/streams.js";
import { testedClient, testedProducers } from "../../support/tested-client.js";
import { committed, deployment, produce, type Deployment } from "./deployment.js";
import {
  record,
  commitOf,
  createTopics,
  leaveAll,
  rejection,
  runTo as runPipelineTo,
  startInstance,
} from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  await endChildren();
  await leaveAll();
});
let files = 0;
const newFile = (): string => join(folder, `state-${files++}`);

const settings: Settings = { model: quick, commit: { maxEvents: 15 }, server: { enabled: false } };

async function runTo(where: Deployment, offset: number, partitions = 1): Promise<void> {
  const config = configSchema.parse(where);
  const { model: forecaster, decode, snapshot, commit } = config;
  await runPipelineTo(
    kafkaOptions(withInput(config, {})),
    offset,
    { forecaster, decode, snapshot, commit },
    partitions,
  );
}

async function run(command: string[], where: Deployment): Promise<Child & { readonly code: unknown }> {
  const child = startCommand(command, where);
  return { ...child, code: await child.ended };
}

/** Another application with topics of its own, but for those that are named. */
async function beside(shared: Partial<Deployment["topics"]>): Promise<Deployment> {
  const other = await deployment(1, settings);
  return { ...other, topics: { ...other.topics, ...shared } };
}

interface Finding {
  readonly level: string;
  readonly code?: string;
  readonly subject: string;
  readonly message: string;
}
const lint = async (where: Deployment): Promise<[unknown, readonly Finding[]]> => {
  const { code, out } = await run(["lint", "--json"], where);
  return [code, (JSON.parse(out[0]!) as { findings: Finding[] }).findings];
};
const flawed = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ level }) => level !== "ok");

const ended = async (child: Child): Promise<[unknown, string | undefined]> => {
  const code = await child.ended;
  return [code, child.err.find((line) => line.startsWith("error "))];
};

const remake = async (topic: string, partitions = 1): Promise<void> => {
  await broker.deleteTopic(topic);
  await broker.createTopic(topic, { partitions });
};

describeWithBroker("a state of another application", () => {
  test("is refused and named by a start and every command, and stays as it is", async () => {
    const one = await deployment(1, settings);
    await produce(one, 0, 30);
    await runTo(one, 30);
    const file = newFile();
    expect((await run(["state", "export", file], one)).code).toBe(0);
    const other = await beside({ state: one.topics.state });
    await produce(other, 0, 5);
    const named = new RegExp(
      `STATE_FOREIGN.*application ${one.applicationId}, input topic ${one.topics.input}, partition 0.*application ${other.applicationId}, input topic ${other.topics.input}`,
    );
    const before = await broker.readCommitted(one.topics.state);

    expect(await ended(startService(other))).toEqual([5, expect.stringMatching(named)]);
    for (const command of [
      ["state", "export", newFile()],
      ["state", "reset", "--yes"],
      ["explain", "--partition", "0", "--offset", "0"],
    ]) {
      const { code, err } = await run(command, other);
      expect([code, err[0]]).toEqual([5, expect.stringMatching(named)]);
    }
    const inspected = await run(["state", "inspect"], other);
    expect([inspected.code, inspected.out.join("\n")]).toEqual([5, expect.stringMatching(named)]);
    const [code, findings] = await lint(other);
    expect([code, flawed(findings)]).toEqual([
      5,
      [expect.objectContaining({ code: "STATE_FOREIGN", subject: "start" })],
    ]);
    const own = await deployment(1, settings);
    await produce(own, 0, 5);
    const mine = { ...own, topics: { ...own.topics, input: one.topics.input } };
    const imported = await run(["state", "import", file], mine);
    expect([imported.code, imported.err[0]]).toEqual([
      5,
      expect.stringMatching(
        new RegExp(`STATE_FOREIGN.*application ${one.applicationId}, not to ${own.applicationId}`),
      ),
    ]);
    expect(await broker.readCommitted(one.topics.state)).toEqual(before);
    // An application that got another name takes its state along.
    const adopted = await run(["state", "import", "--adopt", file], mine);
    expect([adopted.code, adopted.err]).toEqual([0, []]);
    await produce(one, 0, 10, 30);
    await runTo(mine, 40);
    await runTo(one, 40);
  }, 120_000);

  test("that names no owner is not reset while another group's members write it, and is adopted by its first snapshot", async () => {
    const one = await deployment(1, settings);
    await produce(one, 0, 30);
    await runTo(one, 30);
    // As a release before this one left it.
    const [records] = await broker.readCommitted(one.topics.state);
    await broker.deleteTopic(one.topics.state);
    await broker.createTopic(one.topics.state, { settings: { "cleanup.policy": "compact" } });
    await broker.produce(
      one.topics.state,
      0,
      records!.map(({ key, value }) => ({ key, value })),
    );
    const other = await beside({ state: one.topics.state });
    const service = startService(one);
    await produce(one, 0, 1, 30);
    await committed(service, 0, 31);
    const { code, err } = await run(["state", "reset", "--yes"], other);
    const [, findings] = await lint(other);
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: "STATE_FOREIGN",
        message: expect.stringMatching(`group ${one.applicationId}`) as string,
      }),
    );
    expect([code, err[0]]).toEqual([
      5,
      expect.stringMatching(
        new RegExp(`GROUP_ACTIVE.*${one.applicationId}, with 1 member .*${one.topics.input}`),
      ),
    ]);
    expect(await service.end()).toBe(0);
    const model = (await broker.readCommitted(one.topics.state))[0]!.findLast(
      ({ key }) => key?.toString() === "model",
    );
    expect(JSON.parse(String(model!.headers!["undercurrent-owner"]))).toMatchObject({
      application: one.applicationId,
      input: one.topics.input,
      partition: 0,
    });
    const later = await run(["state", "reset", "--yes"], other);
    expect([later.code, later.err[0]]).toEqual([5, expect.stringMatching(/STATE_FOREIGN/)]);
  }, 120_000);
});

describeWithBroker("a state that somebody else begins to write after the takeover", () => {
  const snapshotOf = (offset: number) =>
    commitOf({ offset, snapshot: { offset, records: [{ key: "model", value: Buffer.from("m") }] } });

  /** An application that has taken its partition over and written two snapshots. */
  async function writing() {
    const options = await createTopics();
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    const commit = (offset: number): Promise<string> =>
      rejection(instance.committer.commit(assignment, snapshotOf(offset)));
    expect([await commit(1), await commit(2)]).toEqual(["no error", "no error"]);
    const state = async () => (await broker.readCommitted(options.topics.state))[0]!.length;
    return { options, commit, state };
  }

  test.each([
    ["another application", { application: "other", input: "i", partition: 0 }],
    ["a service of an earlier release", undefined],
  ])(
    "is not written over where that is %s, and the input goes no further",
    async (_, owner) => {
      const { options, commit, state } = await writing();
      const headers = owner && { "undercurrent-owner": JSON.stringify(owner) };
      await broker.produce(options.topics.state, 0, [
        { key: "key:a", value: "s", ...(headers && { headers }) },
        { key: "model", value: "m", ...(headers && { headers }) },
      ]);
      expect(await commit(3)).toBe("STATE_FOREIGN");
      // Its forecasts are committed once, with the offset and without the state.
      expect(await broker.committedOffset(options.applicationId, options.topics.input, 0)).toBe(3);
      expect(await state()).toBe(4);
    },
    60_000,
  );

  test("is the next owner's, where that has fenced this one", async () => {
    const { options, commit } = await writing();
    const writer = await openWriter(options, 0);
    const records = Array.from({ length: 5 }, (_, n) => record(`key:${n}`, "s"));
    const never = new AbortController().signal;
    await writer.commit([{ topic: options.topics.state, partition: 0, records }], 3, { revoked: never });
    expect(await commit(4)).toBe("FENCED");
    await writer.close();
  }, 60_000);

  test("is the owner's own, whatever markers there are", async () => {
    const { options, commit } = await writing();
    const records = (offset: number) => [{ key: `${offset}`, value: "s", headers: ownedBy(options) }];
    for (let offset = 3; offset < 8; offset++) {
      await broker.produce(options.topics.state, 0, records(offset));
      expect(await commit(offset)).toBe("no error");
    }
  }, 60_000);
});

const ownedBy = ({ applicationId: application, topics }: KafkaOptions) => ({
  "undercurrent-owner": JSON.stringify({ application, input: topics.input, partition: 0 }),
});

describeWithBroker("an application that is live on another input", () => {
  test("is refused with both inputs named, and goes on undisturbed", async () => {
    const one = await deployment(1, settings);
    const other = { ...(await deployment(1, settings)), applicationId: one.applicationId };
    const service = startService(one);
    await produce(one, 0, 5);
    await committed(service, 0, 5);
    expect(await ended(startService(other))).toEqual([
      2,
      expect.stringMatching(new RegExp(`GROUP_FOREIGN.*${one.topics.input}.*${other.topics.input}`)),
    ]);
    const [code, findings] = await lint(other);
    expect([code, flawed(findings)]).toEqual([
      2,
      [expect.objectContaining({ code: "GROUP_FOREIGN", subject: `group ${one.applicationId}` })],
    ]);
    expect(flawed((await lint(one))[1])).toEqual([]);
    await produce(one, 0, 5, 5);
    await committed(service, 0, 10);
    expect(await service.end()).toBe(0);
  }, 60_000);

  test("is refused where both start in the same moment: one of them works, the other ends", async () => {
    const one = await createTopics(2);
    const other = { ...(await createTopics(2)), applicationId: one.applicationId };
    const [first, second] = [startInstance(one), startInstance(other)];
    const outcomes = await Promise.allSettled([first.next(), second.next()]);
    const refused = outcomes.filter(({ status }) => status === "rejected");
    expect(refused.map((outcome) => (outcome as { reason: { code: string } }).reason.code)).toEqual([
      "GROUP_FOREIGN",
    ]);
  }, 60_000);
});

describeWithBroker("an input topic that was deleted and made again", () => {
  test("has another id under the same name", async () => {
    const topic = broker.name("again");
    const idOf = () => broker.admin(async (admin) => (await topicIds(admin, [topic, "no-such-topic"]))!);
    await broker.createTopic(topic, { partitions: 3 });
    const before = await idOf();
    expect([...before.keys()]).toEqual([topic]);
    expect(before.get(topic)).toMatch(/^[\w-]{22}$/);
    expect(await idOf()).toEqual(before);
    await remake(topic, 3);
    expect((await idOf()).get(topic)).not.toBe(before.get(topic));
  });

  test.each(testedProducers)(
    "ends the next start, until the state is reset or adopted (%s)",
    async (producer) => {
      const base = await deployment(1, settings);
      const where = { ...base, kafka: { ...base.kafka, producerClient: producer } } as Deployment;
      await produce(where, 0, 30);
      await runTo(where, 30);
      await remake(where.topics.input);
      // As many records as before: nothing but the id tells.
      await produce(where, 0, 40, 500);
      const refused = expect.stringMatching(new RegExp(`TOPIC_RECREATED.*${where.topics.input}`)) as string;
      expect(await ended(startService(where))).toEqual([5, refused]);
      const inspected = await run(["state", "inspect"], where);
      expect([inspected.code, inspected.out.join("\n")]).toEqual([5, refused]);
      const file = newFile();
      expect((await run(["state", "export", file], where)).code).toBe(0);
      const imported = await run(["state", "import", file], where);
      expect([imported.code, imported.err[0]]).toEqual([5, refused]);

      const adopted = await run(["state", "import", "--adopt", file], where);
      expect([adopted.code, adopted.err]).toEqual([0, []]);
      await runTo(where, 40);

      const reset = await run(["state", "reset", "--yes"], where);
      expect([reset.code, reset.out[0]]).toEqual([0, expect.stringMatching(/committed offset 40/)]);
      await remake(where.topics.input);
      await produce(where, 0, 20, 900);
      const anew = await run(["state", "reset", "--yes"], where);
      expect([anew.code, anew.out[0]]).toEqual([0, expect.stringMatching(/committed offset 0 /)]);
      await runTo(where, 20);
    },
    120_000,
  );

  test("is known by an offset that was committed since, where there is no state, and by nothing where there is neither", async () => {
    const options = await createTopics();
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    await instance.committer.commit(assignment, commitOf({ offset: 5 }));
    await remake(options.topics.input);
    // The brokers forget what is committed of a topic that is deleted.
    expect(await broker.committedOffset(options.applicationId, options.topics.input, 0)).toBe(-1);
    expect(await rejection(instance.committer.commit(assignment, commitOf({ offset: 6 })))).toBe("no error");
    await instance.leave();
    const again = startInstance(options);
    expect(await rejection((await again.next()).takeOver())).toBe("TOPIC_RECREATED");
    await again.leave();
    await remake(options.topics.input);
    const anew = startInstance(options);
    expect(await (await anew.next()).takeOver()).toMatchObject({ committed: undefined, earliest: 0 });
  }, 60_000);

  test.each([
    ["none of the records", 0],
    ["as many records", 30],
    ["more records", 60],
  ])(
    "ends the service that was reading it and the next start, where it has %s",
    async (_, count) => {
      const where = await deployment(1, settings);
      await produce(where, 0, 30);
      const service = startService(where);
      await committed(service, 0, 30);
      await remake(where.topics.input);
      if (count > 0) await produce(where, 0, count, 500);
      const refused = [5, expect.stringMatching(/TOPIC_RECREATED/)];
      const end = await ended(service);
      // The second client's fetches may say that the topic is gone before it is back.
      const missing = [2, expect.stringMatching(/TOPIC_MISSING/)];
      expect(end).toEqual(testedClient.client === "platformatic" && end[0] === 2 ? missing : refused);
      expect(await ended(startService(where))).toEqual(refused);
    },
    60_000,
  );
});

describeWithBroker("a topic of the service that was deleted and made again", () => {
  test("ends it where that is the state, though it writes no snapshot, and is logged where that is an output", async () => {
    const where = await deployment(1, settings);
    await produce(where, 0, 30);
    const service = startService(where);
    await committed(service, 0, 30);
    await remake(where.topics.forecasts);
    await remake(where.topics.deadLetters, 4);
    for (const topic of [where.topics.forecasts, where.topics.deadLetters]) {
      await service.line(new RegExp(`"level":"warn".*topic ${topic} was deleted and recreated`));
    }
    await produce(where, 0, 15, 30);
    await committed(service, 0, 45);
    expect((await broker.readCommitted(where.topics.forecasts, 15)).flat()).toHaveLength(15);
    await remake(where.topics.state);
    expect(await ended(service)).toEqual([5, expect.stringMatching(/STATE_GAP: .*deleted/)]);
  }, 60_000);
});

describeWithBroker("two applications that write the same forecasts topic", () => {
  test.each(testedProducers)(
    "are named by the header of each forecast, and by lint (%s)",
    async (producer) => {
      const one = await deployment(1, settings);
      const two = await beside({ input: one.topics.input, forecasts: one.topics.forecasts });
      const other = { ...two, kafka: { ...two.kafka, producerClient: producer } } as Deployment;
      // A forecast is made from the header of another forecast.
      await broker.produce(one.topics.input, 0, [
        { key: "k", value: '{"value": 1}', headers: { trace: "t", "undercurrent-application": "upstream" } },
      ]);
      await produce(one, 0, 20);
      await runTo(one, 21);
      expect(flawed((await lint(one))[1])).toEqual([]);
      await runTo(other, 21);
      const forecasts = (await broker.readCommitted(one.topics.forecasts, 42)).flat();
      const by = forecasts.map(({ headers }) => String(headers!["undercurrent-application"]));
      const expected = (name: string): string[] => Array.from({ length: 21 }, () => name);
      expect(by).toEqual([...expected(one.applicationId), ...expected(other.applicationId)]);
      expect(String(forecasts[0]!.headers!["trace"])).toBe("t");
      const [code, findings] = await lint(one);
      expect([code, flawed(findings)]).toEqual([
        0,
        [
          {
            level: "warning",
            subject: `topic ${one.topics.forecasts}`,
            message: expect.stringMatching(`application ${other.applicationId} writes`) as string,
          },
        ],
      ]);
    },
    60_000,
  );
});

describeWithBroker("lint says what a start would do", () => {
  test.each<[string, Settings["model"], unknown[]]>([
    [
      "goes on with the state of the same model",
      quick,
      [0, "ok", /would resume with the saved state of offset 30/],
    ],
    [
      "refuses a change of tuning, which migrate takes",
      { ...quick, learningRate: 0.002 },
      [
        5,
        "error",
        /would end with SNAPSHOT_FOREIGN: .*learningRate.*changedModel: fail \(configured\) would end with SNAPSHOT_FOREIGN; fresh would begin at offset 30 with an empty state; migrate would resume with the saved state and the new settings$/,
      ],
    ],
    [
      "refuses another shape, which migrate does not take",
      { ...quick, hidden: 4 },
      [
        5,
        "error",
        /would end with SNAPSHOT_FOREIGN: .*hidden.*migrate would end with SNAPSHOT_FOREIGN\. migrate accepts other values of .*learningRate, .* only; hidden changed too/,
      ],
    ],
  ])(
    "%s, and the start does it",
    async (_, model, [exit, level, message]) => {
      const where = await deployment(1, settings);
      await produce(where, 0, 30);
      const first = startService(where);
      await committed(first, 0, 30);
      expect(await first.end()).toBe(0);
      const changed = { ...where, model } as Deployment;
      const [code, findings] = await lint(changed);
      const [start] = findings.filter(({ subject }) => subject === "start");
      expect([code, start]).toMatchObject([
        exit,
        { level, message: expect.stringMatching(message as RegExp) as string },
      ]);
      const second = startService(changed);
      if (exit === 0) {
        await second.line(/"event":"live"/);
        expect(await second.end()).toBe(0);
      } else {
        expect(await ended(second)).toEqual([exit, expect.stringMatching(/SNAPSHOT_FOREIGN/)]);
      }
    },
    60_000,
  );

  test("names the gap, and where there is nothing says where it begins", async () => {
    const where = await deployment(2, settings);
    const [empty, nothing] = await lint(where);
    expect([empty, flawed(nothing)]).toEqual([0, []]);
    expect(nothing.at(-1)!.message).toBe(
      "partitions 0, 1: the service would begin at offset 0 with an empty state",
    );
    for (const partition of [0, 1]) await produce(where, partition, 30);
    await runTo(where, 30, 2);
    await broker.deleteBefore(where.topics.input, 1, 20);
    const [code, findings] = await lint(where);
    expect([code, findings.slice(-2)]).toMatchObject([
      5,
      [
        { level: "ok", message: expect.stringMatching(/^partition 0: the service would resume/) as string },
        {
          level: "error",
          code: "STATE_GAP",
          message: expect.stringMatching(
            /^partition 1: the service would end with STATE_GAP: .*recovery.gap: fail \(configured\) would end with STATE_GAP; fresh would begin at offset 30/,
          ) as string,
        },
      ],
    ]);
  }, 60_000);
});
