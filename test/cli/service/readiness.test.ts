// When a member, or all members of a process, are ready.
import { expect, test } from "vitest";
import { isReady, Readiness, type MemberStanding } from "../../../src/cli/service/readiness.js";

const limits = { now: 100_000, maxBrokerSilenceMs: 30_000 };
const standing = (parts: Partial<MemberStanding> = {}): MemberStanding => ({
  assigned: 2,
  held: 2,
  live: 2,
  heardAt: 99_000,
  ...parts,
});

test.each<[string, MemberStanding, boolean]>([
  ["has not joined", standing({ assigned: undefined }), false],
  ["has joined and is assigned nothing", standing({ assigned: 0, held: 0, live: 0 }), true],
  ["has a partition that no task holds yet", standing({ held: 1, live: 1 }), false],
  ["has a partition that is not live", standing({ live: 1 }), false],
  ["has only live partitions", standing(), true],
  ["still ends the task of a partition that was taken away", standing({ assigned: 1 }), true],
  ["has not heard of the brokers for longer than it may", standing({ heardAt: 69_999 }), false],
  ["has just heard of them", standing({ heardAt: 70_000 }), true],
])("a member that %s", (_, member, ready) => {
  expect(isReady([member], limits)).toBe(ready);
  expect(isReady([standing(), member], limits)).toBe(ready);
});

test("without members nothing is ready", () => {
  expect(isReady([], limits)).toBe(false);
});

test("a member is ready from joining its group until it is lost, and again afterwards", () => {
  let now = 50_000;
  const readiness = new Readiness(() => now);
  const ready = (held = 0, live = held): boolean =>
    isReady([readiness.standing({ held, live })], { now, maxBrokerSilenceMs: 30_000 });
  expect(ready()).toBe(false);
  readiness.heard();
  expect(ready()).toBe(false);
  readiness.joined(1);
  expect([ready(), ready(1, 0), ready(1)]).toEqual([false, false, true]);
  readiness.lost();
  expect(ready(1)).toBe(false);
  readiness.joined(0);
  expect(ready()).toBe(true);
  now += 30_001;
  expect(ready()).toBe(false);
  expect(readiness.heard()).toBe(30_001);
  expect(ready()).toBe(true);
});
