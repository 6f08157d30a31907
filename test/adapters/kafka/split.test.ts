import fc from "fast-check";
import { expect, test } from "vitest";
import { shortenForecast, shortenLetter } from "../../../src/adapters/kafka/shorten.js";
import { splitByBytes, type TopicWrite } from "../../../src/adapters/kafka/split.js";
import { deadLetter } from "../../../src/pipeline/decode.js";

const maxBytes = 2000;

const writeArbitrary = fc.record({
  topic: fc.constantFrom("forecasts", "state", "alerts"),
  partition: fc.nat(3),
  sizes: fc.array(fc.nat(1500), { maxLength: 20 }),
});
const writesArbitrary = fc.uniqueArray(writeArbitrary, { maxLength: 3, selector: ({ topic }) => topic });

test("keeps every record, in its topic's order, in batches that are not too large", () => {
  fc.assert(
    fc.property(writesArbitrary, fc.integer({ min: 1, max: 30 }), (layout, mostRecords) => {
      const writes = layout.map(({ topic, partition, sizes }): TopicWrite => {
        const records = sizes.map((size, i) => ({
          key: Buffer.from(`${i}`),
          value: Buffer.alloc(size),
          headers: [{ name: "n", value: Buffer.from(`${i}`) }],
          timestamp: i,
        }));
        return { topic, partition, records };
      });
      const sent = new Map<string, number[]>();
      for (const request of splitByBytes(writes, maxBytes, mostRecords)) {
        expect(request.length).toBeGreaterThan(0);
        for (const { topic, records } of request) {
          const bytes = records.reduce((sum, { value }) => sum + value!.length, 0);
          expect(records.length).toBeGreaterThan(0);
          expect(records.length).toBeLessThanOrEqual(mostRecords);
          expect(bytes).toBeLessThan(maxBytes);
          sent.set(topic, [...(sent.get(topic) ?? []), ...records.map(({ timestamp }) => timestamp)]);
        }
      }
      for (const { topic, sizes } of layout) {
        expect(sent.get(topic) ?? []).toEqual(sizes.map((_, i) => i));
      }
    }),
  );
});

test("refuses a record that fits no batch, with its topic and size", () => {
  const record = { key: null, value: Buffer.alloc(maxBytes), headers: [], timestamp: -1 };
  expect(() => [...splitByBytes([{ topic: "state", records: [record] }], maxBytes)]).toThrow(
    expect.objectContaining({
      code: "RECORD_TOO_LARGE",
      message: expect.stringMatching(/state.*2032.*2000/) as string,
    }) as Error,
  );
});

test("writes dead letters and forecasts that fit no batch without what is large, and says how much that was", () => {
  const origin = { topic: "readings", partition: 3 };
  const huge = [{ name: "trace", value: Buffer.alloc(maxBytes) }];
  const input = {
    offset: 42,
    timestamp: 7,
    key: Buffer.from("pump-7"),
    value: Buffer.alloc(maxBytes),
    headers: huge,
  };
  const small = { key: null, value: Buffer.from("small"), headers: [], timestamp: 6 };
  const letter = deadLetter(input, origin, "RECORD_UNREADABLE", "the record's value is no JSON");
  const forecast = { ...letter, value: Buffer.from("forecast"), headers: huge };
  const [topics] = [
    ...splitByBytes(
      [
        {
          topic: "letters",
          records: [small, letter, { ...letter, key: Buffer.alloc(maxBytes) }],
          shorten: shortenLetter,
        },
        { topic: "forecasts", records: [small, forecast], shorten: shortenForecast },
      ],
      maxBytes,
    ),
  ];
  const [whole, short, keyless] = topics![0]!.records;
  expect(whole!.value).toEqual(small.value);
  expect(short).toMatchObject({ key: input.key, value: new Uint8Array(0), timestamp: 7 });
  expect(keyless!.key).toBeNull();
  const told = short!.headers.map(({ name, value }) => [name, Buffer.from(value).toString()]);
  expect(told).toEqual([
    ["undercurrent-code", "RECORD_UNREADABLE"],
    ["undercurrent-reason", "the record's value is no JSON"],
    ["undercurrent-topic", "readings"],
    ["undercurrent-partition", "3"],
    ["undercurrent-offset", "42"],
    ["undercurrent-omitted-bytes", String(2 * maxBytes + "trace".length)],
  ]);
  expect(topics![1]!.records[1]).toMatchObject({ key: input.key, value: forecast.value });
});

test("keeps nothing of headers that pretend to be ours", () => {
  const headers = [{ name: "undercurrent-note", value: Buffer.alloc(20_000) }];
  const letter = deadLetter(
    { offset: 0, timestamp: 0, key: null, value: null, headers },
    { topic: "readings", partition: 0 },
    "RECORD_UNREADABLE",
    "the record has no value (a tombstone)",
  );
  expect(shortenLetter(letter).headers.map(({ name }) => name)).toEqual([
    "undercurrent-code",
    "undercurrent-reason",
    "undercurrent-topic",
    "undercurrent-partition",
    "undercurrent-offset",
    "undercurrent-omitted-bytes",
  ]);
});
