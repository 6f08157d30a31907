// One instance with many partitions: it starts, in bounded memory, and stops in the middle of its start.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { logged, startService } from "../../support/service.js";
import { deployment } from "./deployment.js";

afterEach(endChildren);

describeWithBroker("an instance with 200 partitions", () => {
  it("takes over no more of them at once than it may", async () => {
    const settings = await deployment(200, { log: { level: "info" } });
    const kafka = { ...settings.kafka, maxConcurrentTakeovers: 5 };
    const service = startService({ ...settings, kafka });
    while (logged(service, "live").length < 200) await sleep(200);
    expect(await service.end()).toBe(0);
    expect(logged(service, "stopped")).toHaveLength(1);
    expect(logged(service, "released")).toHaveLength(200);
  }, 120_000);

  it("stops in order in the middle of its start", async () => {
    const settings = await deployment(200, { log: { level: "info" } });
    const service = startService({ ...settings, kafka: { ...settings.kafka, maxConcurrentTakeovers: 1 } });
    while (logged(service, "taken-over").length < 3) await sleep(20);
    expect(await service.end()).toBe(0);
    expect(logged(service, "taken-over").length).toBeLessThan(200);
    expect(logged(service, "restarting")).toEqual([]);
    expect(logged(service, "released")).toHaveLength(200);
  }, 120_000);
});
