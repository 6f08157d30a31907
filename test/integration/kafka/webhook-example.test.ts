import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, startNode } from "../../support/child.js";

afterEach(endChildren);

describeWithBroker("the example of a webhook", () => {
  test("posts every change in order, again after a refusal, and leaves muted incidents and feedback out", async () => {
    const taken: { readonly body: unknown; readonly key: unknown }[] = [];
    let refused = 0;
    const receiver = createServer((request, response) => {
      void text(request).then((body) => {
        // The second change is refused once.
        const isRefused = taken.length === 1 && refused++ === 0;
        if (!isRefused) taken.push({ body: JSON.parse(body), key: request.headers["idempotency-key"] });
        response.writeHead(isRefused ? 503 : 204).end();
      });
    });
    receiver.listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const { port } = receiver.address() as AddressInfo;
    const topic = broker.name("incidents");
    await broker.createTopic(topic, { partitions: 1 });
    const changes = ["opened", "updated", "closed"].map((change) => ({
      id: "readings-0-7",
      change,
      muted: false,
    }));
    const feedback = { feedback: "wrong", id: "readings-0-3", key: "pump", kind: "spike" };
    const all = [{ id: "readings-0-3", change: "opened", muted: true }, feedback, ...changes];
    await broker.produce(
      topic,
      0,
      all.map((message) => ({ key: "pump", value: JSON.stringify(message), timestamp: 1_700_000_000_000 })),
    );
    const url = `http://127.0.0.1:${port}/`;
    const example = startNode(["--import", "tsx", "examples/incident-webhook.ts", topic, url], {
      KAFKA_BROKER: broker.brokers[0],
    });
    await expect.poll(() => taken.length, { timeout: 90_000 }).toBe(3);
    expect(taken.map(({ body }) => body)).toEqual(changes);
    expect(taken.map(({ key }) => key)).toEqual(["0-2", "0-3", "0-4"]);
    expect(refused).toBeGreaterThanOrEqual(1);
    await example.end();
    receiver.close();
  }, 180_000);
});
