// A running service whose configuration changes: by a signal and by HTTP, in one thread and in several.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { describeWithBroker } from "../../support/broker.js";
import { endChildren, startNode } from "../../support/child.js";
import { logged } from "../../support/service.js";
import { quick } from "../../support/streams.js";
import { committed, deployment, produce } from "./deployment.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-reload-"));
afterEach(endChildren);
afterAll(() => rmSync(folder, { recursive: true }));

const token = "correct-horse-battery";
const headers = { authorization: `Bearer ${token}` };

/** Starts a service that has committed 20 events; `write` changes its configuration's file. */
async function serve(args: readonly string[], models: object = {}) {
  const settings = await deployment(1, {
    ...models,
    server: { enabled: true, port: 0, token },
    recovery: { changedModel: "migrate" },
    log: { level: "debug" },
  });
  const file = join(folder, `config-${randomUUID()}.yaml`);
  const write = (changed: object): void => writeFileSync(file, JSON.stringify({ ...settings, ...changed }));
  write({});
  await produce(settings, 0, 20);
  const service = startNode(["dist/cli.js", "run", "-c", file, ...args]);
  await committed(service, 0, 20);
  const { url } = logged(service, "serving")[0] as { url: string };
  return { settings, file, write, service, url };
}

describeWithBroker("a configuration that is read again", () => {
  it.each([[[]], [["--workers", "2"]]])(
    "changes what may change, and refuses the rest (%j)",
    async (args) => {
      const { settings, file, write, service, url } = await serve(args);
      const post = async (): Promise<unknown[]> => {
        const answer = await fetch(`${url}reload`, { method: "POST", headers });
        return [answer.status, await answer.json()];
      };
      expect((await fetch(`${url}reload`, { method: "POST" })).status).toBe(401);

      write({ model: { alarmRate: 0.01, horizon: 2 }, log: { level: "error" } });
      expect(await post()).toEqual([
        409,
        { reason: "SETTING_INVALID", message: expect.stringContaining("model.horizon: ") as string },
      ]);
      write({ model: { alarmRate: 0.01 }, server: { ...settings.server, series: ["key-0"] } });
      expect(await post()).toEqual([200, { changed: ["model.alarmRate", "server.series"] }]);
      await service.line(/"event":"retuned".*"offset":20/);
      await produce(settings, 0, 10, 20);
      await committed(service, 0, 30);
      const metrics = await fetch(`${url}metrics`, { headers });
      expect(await metrics.text()).toMatch(/^undercurrent_yhat\{key="key-0"\} /m);

      write({
        model: { alarmRate: 0.01 },
        server: { ...settings.server, series: ["key-0"] },
        log: { level: "info" },
      });
      process.kill(service.pid, "SIGHUP");
      await service.line(/"event":"reloaded".*log\.level/);
      expect(await service.end()).toBe(0);

      // The state has the new settings: the next start resumes with them.
      const next = startNode(["dist/cli.js", "run", "-c", file, ...args]);
      expect(await next.line(/"event":"taken-over"/)).toMatch(/"plan":"resume"/);
      expect(await next.end()).toBe(0);
    },
    90_000,
  );

  it.each([[[]], [["--workers", "2"]]])(
    "beside a candidate keeps what both models tell, and changes what is watched (%j)",
    async (args) => {
      const models = { model: quick, candidate: { model: { cell: "gru" } } };
      const { settings, write, service, url } = await serve(args, models);

      const refusals = [
        { model: { ...quick, alarmRate: 0.01 } },
        { candidate: { model: { cell: "gru", alarmRate: 0.01 } } },
        { candidate: undefined },
      ];
      for (const changed of refusals) {
        write(changed);
        const answer = await fetch(`${url}reload`, { method: "POST", headers });
        expect([answer.status, await answer.json()]).toEqual([
          409,
          { reason: "SETTING_INVALID", message: expect.stringContaining("restart the service") as string },
        ]);
      }
      write({ server: { ...settings.server, series: ["key-0"] } });
      process.kill(service.pid, "SIGHUP");
      await service.line(/"event":"reloaded".*server\.series/);
      expect(logged(service, "retuned")).toEqual([]);
      await produce(settings, 0, 10, 20);
      await committed(service, 0, 30);
      const read = async (): Promise<string> => (await fetch(`${url}metrics`, { headers })).text();
      await expect.poll(read, { timeout: 30_000 }).toMatch(/^undercurrent_yhat\{key="key-0"\} /m);
      expect(await read()).toMatch(/^undercurrent_events_total\{role="candidate"\} 30$/m);
      expect(await service.end()).toBe(0);
    },
    90_000,
  );
});
