import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  patchRequestQueues,
  type RequestQueue,
} from "../../../../../src/adapters/kafka/kafkajs/patches/idle-request-queues.js";

patchRequestQueues();
const require = createRequire(import.meta.url);
const prototype = (require("kafkajs/src/network/requestQueue") as { readonly prototype: RequestQueue })
  .prototype;

/** How often a queue in this state looks for pending requests in a while. */
async function looks(pending: readonly unknown[], throttledUntil: number): Promise<number> {
  let count = 0;
  const queue = Object.assign(Object.create(prototype) as RequestQueue, {
    pending,
    throttledUntil,
    throttleCheckTimeoutId: null,
    checkPendingRequests: () => count++,
  });
  queue.scheduleCheckPendingRequests();
  await sleep(100);
  return count;
}

test("a queue of requests looks for pending ones where there are some, or a throttle ends, and else sleeps", async () => {
  expect(await looks([], -1)).toBe(0);
  expect(await looks([{}], -1)).toBe(1);
  expect(await looks([], Date.now() + 20)).toBe(1);
});
