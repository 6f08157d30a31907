// Keys that the service forgets, as the state topic sees it: each one's record ends with the snapshot that is without it.
import { afterEach, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { logged, startService } from "../../support/service.js";
import { committed, deployment, produce } from "./deployment.js";

afterEach(endChildren);

describeWithBroker("a service with a bound on its keys", () => {
  test("ends the records of those that it forgets, and goes on with the others after a restart", async () => {
    const settings = await deployment(1, { model: { hidden: 4, maxKeys: 2 } });
    for (const [from, count] of [
      [0, 2],
      [2, 3],
      [5, 2],
    ] as const) {
      await produce(settings, 0, count, from);
      const service = startService(settings);
      await committed(service, 0, from + count);
      expect(await service.end()).toBe(0);
      expect(logged(service, "taken-over")).toMatchObject([{ keys: from === 0 ? 0 : 2 }]);
    }
    const [state] = await broker.readCommitted(settings.topics.state);
    const latest = new Map(state!.map(({ key, value }) => [key!.toString(), value]));
    const living = [...latest].flatMap(([key, value]) => (value === null ? [] : key));
    expect(living.sort()).toEqual(["key:key-0", "key:key-2", "model"]);
    expect(latest.get("key:key-1")).toBeNull();
  }, 120_000);
});
