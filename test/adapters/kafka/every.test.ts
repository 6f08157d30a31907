import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { every } from "../../../src/adapters/kafka/every.js";

test("looks again only when the look before has ended, and no more once the signal aborts", async () => {
  const end = new AbortController();
  let [underWay, most, looks] = [0, 0, 0];
  const loop = every(1, end.signal, async () => {
    most = Math.max(most, ++underWay);
    await sleep(5);
    underWay--;
    if (++looks === 3) end.abort();
  });
  await loop;
  expect([looks, most]).toEqual([3, 1]);
});

test("ends at once while it waits, without a look", async () => {
  const end = new AbortController();
  let looks = 0;
  const loop = every(3_600_000, end.signal, () => {
    looks++;
  });
  end.abort();
  await loop;
  expect(looks).toBe(0);
});

test("does not look where the signal has aborted before", async () => {
  let looks = 0;
  await every(0, AbortSignal.abort(), () => {
    looks++;
  });
  expect(looks).toBe(0);
});

test("rejects with what a look rejects with", async () => {
  const broken = every(0, new AbortController().signal, () => Promise.reject(new Error("broken")));
  await expect(broken).rejects.toThrow("broken");
});
