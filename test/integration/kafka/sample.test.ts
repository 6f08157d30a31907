// What lint and a dry run say of the records of an input, on a real broker.
import { afterEach, describe, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, type Child } from "../../support/child.js";
import { logged, startCommand, startService, type Settings } from "../../support/service.js";
import { deployment, produce } from "./deployment.js";

afterEach(endChildren);

interface Finding {
  readonly level: string;
  readonly subject: string;
  readonly code?: string;
  readonly message: string;
}

/** What lint finds in the sample, and its exit code. */
async function lintOf(settings: Settings): Promise<{ code: unknown; found: readonly Finding[] }> {
  const lint = startCommand(["lint", "--json"], settings);
  const code = await lint.ended;
  const { findings } = JSON.parse(lint.out.join("\n")) as { findings: readonly Finding[] };
  return { code, found: findings.filter(({ subject }) => subject.startsWith("records of ")) };
}

const dryRun = (settings: Settings): Child => startService(settings, { args: ["--dry-run"] });

const record = (i: number, document: object) => ({ key: `key-${i % 2}`, value: JSON.stringify(document) });

describeWithBroker("the records of an input", () => {
  test("are readable, to lint and to a dry run, and nothing is left on the brokers", async () => {
    const settings = await deployment(1);
    await produce(settings, 0, 500);
    const { code, found } = await lintOf(settings);
    expect([code, found]).toEqual([
      0,
      [
        {
          level: "ok",
          subject: `records of ${settings.topics.input}`,
          message: "200 sampled records are readable",
        },
      ],
    ]);
    const trial = dryRun(settings);
    expect(await trial.ended).toBe(0);
    expect(logged(trial, "sample")).toEqual([]);
  }, 60_000);

  describe("of which none could be forecast from", () => {
    const cases: readonly (readonly [string, Settings["decode"], (i: number) => object, RegExp])[] = [
      [
        "each is rejected",
        { value: "celsius" },
        (i) => ({ value: i }),
        /100 %\) would be rejected: 60 VALUE_NOT_A_NUMBER/,
      ],
      [
        "times are epoch seconds",
        { time: "at" },
        (i) => ({ value: i, at: 1_767_225_600 + i }),
        /as epoch seconds it is 2026-01-01T.*decode\.timeUnit: s/,
      ],
      [
        "times are epoch microseconds",
        { time: "at" },
        (i) => ({ value: i, at: 1_767_225_600_000_000 + i }),
        /as epoch microseconds it is 2026-01-01T.*decode\.timeUnit: us/,
      ],
      ["values are missing", {}, () => ({ value: null }), /all 60 sampled values are missing/],
    ];

    test.each(cases)(
      "are an error of lint and of a dry run: %s",
      async (_, decode, document, message) => {
        const settings = await deployment(1, { decode });
        const records = Array.from({ length: 60 }, (__, i) => record(i, document(i)));
        await broker.produce(settings.topics.input, 0, records);
        const { code, found } = await lintOf(settings);
        expect([code, found[0]?.code]).toEqual([3, "INPUT_UNUSABLE"]);
        expect(found[0]!.message).toMatch(message);
        const trial = dryRun(settings);
        expect(await trial.ended).toBe(3);
        expect(trial.err.join("\n")).toMatch(/error INPUT_UNUSABLE: /);
        expect(trial.err.join("\n")).toMatch(message);
      },
      60_000,
    );
  });

  test("of which there are none end a dry run with an error, and lint without one", async () => {
    const settings = await deployment(2);
    const { code, found } = await lintOf(settings);
    expect([code, found]).toMatchObject([
      0,
      [{ level: "ok", message: "the input is empty, nothing to check" }],
    ]);
    const trial = dryRun(settings);
    expect(await trial.ended).toBe(3);
    expect(trial.err.join("\n")).toContain("INPUT_UNUSABLE: the input holds no record");
  }, 60_000);

  test("with a key in several partitions are warned of by lint, a dry run and the service", async () => {
    const settings = await deployment(3, { decode: { key: "sensor" } });
    for (let partition = 0; partition < 3; partition++) {
      const records = Array.from({ length: 30 }, (_, i) => record(i, { sensor: `s-${i % 4}`, value: i }));
      await broker.produce(settings.topics.input, partition, records);
    }
    const { code, found } = await lintOf(settings);
    expect([code, found]).toMatchObject([0, [{ level: "warning" }]]);
    expect(found[0]!.message).toMatch(
      /^4 of 4 sampled keys arrive in several partitions \("s-0" in 0 and 1 and 2, /,
    );
    const trial = dryRun(settings);
    expect(await trial.ended).toBe(0);
    expect(logged(trial, "sample")).toHaveLength(1);
    const service = startService(settings);
    await service.line(/"event":"shared-key".*"partition":[012].*One key in several partitions/);
    expect(await service.end()).toBe(0);
    const warned = logged(service, "shared-key").map(({ partition }) => partition);
    expect(new Set(warned).size).toBe(warned.length);
    expect(warned.length).toBeLessThanOrEqual(2);
  }, 60_000);

  test("are judged by lint within a bound, however many there are", async () => {
    const settings = await deployment(2, { decode: { value: "celsius" } });
    // Only old records are unreadable.
    await produce(settings, 0, 300);
    await broker.produce(
      settings.topics.input,
      0,
      Array.from({ length: 250 }, (_, i) => record(i, { celsius: i })),
    );
    expect((await lintOf(settings)).found).toMatchObject([{ message: "200 sampled records are readable" }]);
  }, 60_000);
});
