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
    fc.property(writesArbitrary, (layout) => {
      const writes = layout.map(({ topic, partition, sizes }): TopicWrite => {
        const records = sizes.map((size, i) => ({
          key: Buffer.from(`${i}`),
          value: Buffer.alloc(size),
          headers: [{ name: "n", value: Buffer.from(`${i}`) }],
          timestamp: i,
        }));
        return { topic, partition, records };
      });
      const sent = new Map<string, (string | undefined)[]>();
      for (const request of splitByBytes(writes, maxBytes)) {
        expect(request.length).toBeGreaterThan(0);
        for (const { topic, messages } of request) {
          const bytes = messages.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
          expect(messages.length).toBeGreaterThan(0);
          expect(bytes).toBeLessThan(maxBytes);
          sent.set(topic, [...(sent.get(topic) ?? []), ...messages.map(({ timestamp }) => timestamp)]);
        }
      }
      for (const { topic, sizes } of layout) {
        expect(sent.get(topic) ?? []).toEqual(sizes.map((_, i) => `${i}`));
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
  const [whole, short, keyless] = topics![0]!.messages;
  expect(whole!.value).toEqual(small.value);
  expect(short).toMatchObject({ key: input.key, value: Buffer.alloc(0), timestamp: "7" });
  expect(keyless!.key).toBeNull();
  const told = Object.entries(short!.headers!).map(([name, value]) => [name, String(value)]);
  expect(told).toEqual([
    ["undercurrent-code", "RECORD_UNREADABLE"],
    ["undercurrent-reason", "the record's value is no JSON"],
    ["undercurrent-topic", "readings"],
    ["undercurrent-partition", "3"],
    ["undercurrent-offset", "42"],
    ["undercurrent-omitted-bytes", String(2 * maxBytes + "trace".length)],
  ]);
  expect(topics![1]!.messages[1]).toMatchObject({ key: input.key, value: forecast.value });
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
