/** What the server answers to questions about a key: with reports, with reasons, and within bounds. */
import { Registry } from "prom-client";
import { afterEach, expect, it } from "vitest";
import type { AskKey } from "../../../src/adapters/web/key-route.js";
import { serve, type LiveServer, type ServeOptions } from "../../../src/adapters/web/server.js";
import type { KeyAnswer } from "../../../src/pipeline/query/key-queries.js";
import type { KeyReport } from "../../../src/pipeline/query/key-report.js";

const running: LiveServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(askKey: AskKey | undefined, options: Partial<ServeOptions> = {}): Promise<string> {
  const server = await serve({
    view: undefined,
    registry: new Registry(),
    port: 0,
    title: "pumps",
    askKey,
    ...options,
  });
  running.push(server);
  return server.url;
}

const report: KeyReport = {
  ...{
    partition: 1,
    offset: 12,
    events: 4,
    time: "2026-03-01T10:00:00.000Z",
    value: 41.2,
    values: [41, 41.2],
  },
  ...{ forecast: { yhat: 41.3 }, level: 41, scale: 0.1, incidents: [] },
  experts: [{ name: "persistence", weight: 1, forecast: 41.2, regret: 0 }],
  errors: { mixture: 0.1, lastValue: 0.1 },
};
const known: KeyAnswer = { reports: [report], live: [0, 1], takingOver: [] };

async function ask(url: string, path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(url + path);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

it("answers with the reports of the partitions, to any spelling of the key in the path", async () => {
  const asked: unknown[] = [];
  const url = await start((...question) => {
    asked.push(question);
    return Promise.resolve(known);
  });
  expect(await ask(url, "keys/pump-7")).toEqual({
    status: 200,
    body: { key: "pump-7", partitions: [report], live: [0, 1], takingOver: [] },
  });
  await ask(url, `keys/${encodeURIComponent("hall 3/ä?#%")}?partition=1`);
  await ask(url, "keys/site/pump-7");
  await ask(url, `keys/${encodeURIComponent("a/b")}?series=celsius`);
  expect(asked).toEqual([
    ["pump-7", undefined, undefined],
    ["hall 3/ä?#%", 1, undefined],
    ["site/pump-7", undefined, undefined],
    ["a~1b/celsius", undefined, undefined],
  ]);
});

it.each([
  ["an unknown key", { live: [0, 1], takingOver: [] }, 404, "unknown-key"],
  ["a partition that is taken over", { live: [0], takingOver: [1] }, 409, "taking-over"],
  ["an instance without the partition", { live: [], takingOver: [] }, 404, "partition-elsewhere"],
])("says why there is no report of %s", async (_, held, status, reason) => {
  const url = await start(() => Promise.resolve({ reports: [], ...held }));
  const answer = await ask(url, "keys/pump-7?partition=1");
  expect(answer).toEqual({ status, body: { reason, message: expect.any(String) as string, ...held } });
});

it.each(["x", "-1", "1.5", "", "99999999999"])("refuses %j as a partition", async (partition) => {
  const url = await start(() => Promise.reject(new Error("must not be asked")));
  const { status, body } = await ask(url, `keys/pump-7?partition=${partition}`);
  expect([status, body["reason"]]).toEqual([400, "partition-invalid"]);
});

it("waits for a commit for so long, and keeps no more than 32 questions waiting", async () => {
  const answers: ((answer: KeyAnswer) => void)[] = [];
  const url = await start(() => new Promise((resolve) => answers.push(resolve)), { patience: 50 });
  const refused = await Promise.all(Array.from({ length: 40 }, () => ask(url, "keys/pump-7")));
  const count = (reason: string): number => refused.filter(({ body }) => body["reason"] === reason).length;
  expect([count("busy"), count("commit-pending")]).toEqual([8, 32]);
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
  for (const answer of answers.splice(0)) answer(known);
  await expect
    .poll(async () => {
      const later = ask(url, "keys/pump-7");
      await expect.poll(() => answers.length).toBe(1);
      answers.shift()!(known);
      return (await later).status;
    })
    .toBe(200);
});

it("wants the token, and has no such path where nobody answers", async () => {
  const token = "correct-horse-battery";
  const url = await start(() => Promise.resolve(known), { token });
  expect((await fetch(`${url}keys/pump-7`)).status).toBe(401);
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${url}keys/pump-7`, { headers })).status).toBe(200);
  expect((await fetch(`${await start(undefined)}keys/pump-7`)).status).toBe(404);
});
