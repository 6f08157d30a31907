// What a service answers about a key over HTTP, beside what it wrote to its topics.
import { afterEach, expect, it } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, startNode } from "../../support/child.js";
import { logged, startService } from "../../support/service.js";
import { committed, deployment, produce } from "./deployment.js";

afterEach(endChildren);

const server = { enabled: true, port: 0, token: "correct-horse-battery" };

describeWithBroker("GET /keys", () => {
  it.each([[[]], [["--workers", "2"]]])(
    "answers with the last forecast of a key in each of its partitions (%j)",
    async (args) => {
      const settings = await deployment(2, { server, model: { horizon: 3 } });
      for (const partition of [0, 1]) await produce(settings, partition, 30 + partition);
      const service = startService(settings, { args });
      await Promise.all([0, 1].map((partition) => committed(service, partition, 30 + partition)));
      const { url } = logged(service, "serving")[0] as { url: string };
      // A worker that joins takes a partition over.
      await expect.poll(async () => (await fetch(`${url}ready`)).status, { timeout: 30_000 }).toBe(200);
      const ask = async (path: string): Promise<readonly [number, Record<string, unknown>]> => {
        const headers = { authorization: `Bearer ${server.token}` };
        const answer = await fetch(`${url}keys/${path}`, { headers });
        return [answer.status, (await answer.json()) as Record<string, unknown>];
      };
      const records = await broker.readCommitted(settings.topics.forecasts, 61);
      const last = records.map((partition) =>
        partition
          .map(({ value }) => JSON.parse(value!.toString()) as Record<string, unknown>)
          .findLast(({ key }) => key === "key-0"),
      );
      const [status, body] = await ask("key-0");
      expect(status).toBe(200);
      expect(body).toMatchObject({
        key: "key-0",
        partitions: last.map((message, partition) => ({
          ...{ partition, offset: 30 + partition },
          ...{ time: message!["time"], value: message!["value"] },
          forecast: { yhat: message!["yhat"], model: message!["model"], horizon: message!["horizon"] },
        })),
      });
      expect(await ask("key-0?partition=1")).toMatchObject([200, { partitions: [{ partition: 1 }] }]);
      expect(await ask("pump-7")).toMatchObject([404, { reason: "unknown-key", live: [0, 1] }]);
      expect(await ask("key-0?partition=2")).toMatchObject([404, { reason: "partition-elsewhere" }]);
      expect((await fetch(`${url}keys/key-0`)).status).toBe(401);
      const example = startNode(["--import", "tsx", "examples/ask-service.ts", "key-0", url], {
        UNDERCURRENT_TOKEN: server.token,
      });
      expect(await example.ended).toBe(0);
      expect(example.out.join("\n")).toContain(`next ${String(last[1]!["yhat"])} `);
      expect(await service.end()).toBe(0);
    },
    90_000,
  );
});
