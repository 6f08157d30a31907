/** Cutting a commit into requests: nothing is left out or moved, and none is larger than the client and the topic bear. */
import { expect, it } from "vitest";
import { splitByBytes } from "../../../src/adapters/kafka/split.js";
import type { OutputRecord } from "../../../src/pipeline/ports.js";

const record = (key: string, bytes: number): OutputRecord => ({
  key: Buffer.from(key),
  value: Buffer.alloc(bytes),
  headers: [],
  timestamp: 0,
});

it("sends at most 500 records of a topic at once, in order, beside what other topics have left", () => {
  const forecasts = Array.from({ length: 1201 }, (_, i) => record(`f${i}`, 10));
  const letters = Array.from({ length: 3 }, (_, i) => record(`d${i}`, 10));
  const writes = [
    { topic: "forecasts", partition: 3, records: forecasts },
    { topic: "letters", records: letters },
  ];
  const requests = [...splitByBytes(writes, 900_000)];
  const sizes = requests.map((request) => request.map(({ topic, messages }) => [topic, messages.length]));
  expect(sizes).toEqual([
    [
      ["forecasts", 500],
      ["letters", 3],
    ],
    [["forecasts", 500]],
    [["forecasts", 201]],
  ]);
  const keys = requests.flat().flatMap(({ messages }) => messages.map(({ key }) => String(key)));
  expect(keys.filter((key) => key.startsWith("f"))).toEqual(forecasts.map(({ key }) => String(key)));
});

it("sends at most so many bytes of a topic at once, and refuses a record that is larger alone", () => {
  const records = [400, 400, 400, 100].map((bytes, i) => record(`${i}`, bytes));
  const requests = [...splitByBytes([{ topic: "t", records }], 1000)];
  expect(requests.map(([part]) => part!.messages.length)).toEqual([2, 2]);
  const large = [{ topic: "t", records: [record("k", 1000)] }];
  expect(() => [...splitByBytes(large, 1000)]).toThrow(
    expect.objectContaining({ code: "RECORD_TOO_LARGE" }) as Error,
  );
});
