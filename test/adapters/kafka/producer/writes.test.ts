/** What a commit writes, partition by partition. */
import { expect, test } from "vitest";
import { shortenForecast, shortenLetter } from "../../../../src/adapters/kafka/producer/shorten.js";
import { writesOf } from "../../../../src/adapters/kafka/producer/writes.js";
import type { OutputRecord } from "../../../../src/pipeline/ports.js";

const topics = { input: "readings", forecasts: "forecasts", state: "state" };
const record = (value: string): OutputRecord => ({
  key: null,
  value: Buffer.from(value),
  headers: [],
  timestamp: 1,
});
/** Alerts have one partition, every other topic four. */
const countOf = (topic: string): Promise<number> => Promise.resolve(topic === "alerts" ? 1 : 4);
const ownerOf = (partition: number) => ({ application: "pumps", input: "readings", partition, inputId: "x" });
const application = { name: "undercurrent-application", value: Buffer.from("pumps") };
const nothing = { forecasts: [], incidents: [], deadLetters: [], routed: [], snapshot: undefined };

test("everything has its topic: forecasts and state their partition, the others that of their key", async () => {
  const [forecast, incident, letter, first, second, third] = ["f", "i", "d", "1", "2", "3"].map(record);
  const commit = {
    forecasts: [forecast!],
    incidents: [incident!],
    deadLetters: [letter!],
    routed: [
      { topic: "alerts", record: first! },
      { topic: "audit", record: second! },
      { topic: "alerts", record: third! },
    ],
    snapshot: {
      offset: 7,
      records: [
        { key: "ü", value: Buffer.from("s") },
        { key: "ended", value: null },
      ],
    },
  };
  expect(
    await writesOf(commit, {
      topics: { ...topics, incidents: "incidents", deadLetters: "letters" },
      owner: ownerOf(3),
      countOf,
    }),
  ).toStrictEqual([
    { topic: "forecasts", partition: 3, records: [forecast], header: application, shorten: shortenForecast },
    { topic: "incidents", partition: 3, records: [incident], header: application, shorten: shortenForecast },
    // Without a key, that of the same number, or as near as there are partitions.
    { topic: "letters", partition: 3, records: [letter], shorten: shortenLetter },
    { topic: "alerts", partition: 0, records: [first, third] },
    { topic: "audit", partition: 3, records: [second] },
    {
      topic: "state",
      partition: 3,
      header: {
        name: "undercurrent-owner",
        value: Buffer.from('{"application":"pumps","input":"readings","partition":3,"inputId":"x"}'),
      },
      // No time of their own: a topic that drops what is old would drop them.
      records: [
        { key: Buffer.from("ü"), value: Buffer.from("s"), headers: [], timestamp: -1 },
        { key: Buffer.from("ended"), value: null, headers: [], timestamp: -1 },
      ],
    },
  ]);
});

test("without a topic for incidents they are not written", async () => {
  const commit = { ...nothing, incidents: [record("i")] };
  const writes = await writesOf(commit, { topics, owner: ownerOf(0), countOf });
  expect(writes.flatMap(({ records }) => records)).toEqual([]);
});

test("without a topic for dead letters there may be none", async () => {
  const forecasts = {
    topic: "forecasts",
    partition: 0,
    records: [],
    header: application,
    shorten: shortenForecast,
  };
  expect(await writesOf(nothing, { topics, owner: ownerOf(0), countOf })).toStrictEqual([forecasts]);
  const letters = writesOf(
    { ...nothing, deadLetters: [record("d")] },
    { topics, owner: ownerOf(0), countOf },
  );
  await expect(letters).rejects.toMatchObject({ code: "TOPIC_MISSING" });
});
