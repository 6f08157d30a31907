// What /ready answers, as a rolling update asks it.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { startBrokerProxy, type BrokerProxy } from "../../support/broker-proxy.js";
import { endChildren, type Child } from "../../support/child.js";
import { logged, startService } from "../../support/service.js";
import { committed, deployment, produce } from "./deployment.js";

let proxy: BrokerProxy | undefined;
afterEach(async () => {
  await endChildren();
  await proxy?.close();
  proxy = undefined;
});

async function statusOf(service: Child): Promise<number> {
  await service.line(/"event":"serving"/);
  const { url } = logged(service, "serving")[0] as { url: string };
  return (await fetch(`${url}ready`)).status;
}

/** Resolves when every service gives this answer at once. */
async function untilAll(services: readonly Child[], status: number): Promise<void> {
  for (;;) {
    const statuses = await Promise.all(services.map(statusOf));
    if (statuses.every((one) => one === status)) return;
    await sleep(200);
  }
}

const server = { enabled: true, port: 0 };

describeWithBroker("instances of a service", () => {
  it.each([[[]], [["--workers", "2"]]])(
    "are ready where there are more than partitions (%j)",
    async (args) => {
      const settings = await deployment(3, { server });
      const services = [startService(settings, { args }), startService(settings, { args })];
      await untilAll(services, 200);
      const standbys = [startService(settings), startService(settings)];
      await untilAll([...services, ...standbys], 200);
      for (const partition of [0, 1, 2]) await produce(settings, partition, 5);
      // One that goes leaves its partitions to another, and all others are ready again.
      expect(await services[0]!.end()).toBe(0);
      await untilAll([services[1]!, ...standbys], 200);
    },
    120_000,
  );

  it("are not ready while the brokers are out of reach for longer than they may be, and are again afterwards", async () => {
    proxy = await startBrokerProxy(broker.brokers[0]!);
    const settings = await deployment(1, { server: { ...server, maxBrokerSilenceMs: 10_000 } });
    const kafka = { ...settings.kafka, bootstrapServers: [proxy.address] };
    const services = [startService({ ...settings, kafka }), startService({ ...settings, kafka })];
    await untilAll(services, 200);
    const away = proxy.away(25_000);
    await untilAll(services, 503);
    await away;
    await untilAll(services, 200);
    await produce(settings, 0, 5);
    await Promise.race(services.map((service) => committed(service, 0, 5)));
  }, 180_000);
});
