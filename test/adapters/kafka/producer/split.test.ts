import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shortenForecast, shortenLetter } from "../../../../src/adapters/kafka/producer/shorten.js";
import { bufferOf, splitByBytes, type TopicWrite } from "../../../../src/adapters/kafka/producer/split.js";
import { UndercurrentError } from "../../../../src/errors/errors.js";
import { deadLetter } from "../../../../src/pipeline/decode/dead-letter.js";
import type { OutputRecord } from "../../../../src/pipeline/ports.js";

const maxBytes = 2000;

const writeArbitrary = fc.record({
  topic: fc.constantFrom("forecasts", "state", "alerts"),
  partition: fc.nat(3),
  sizes: fc.array(fc.nat(1500), { maxLength: 20 }),
});
const writesArbitrary = fc.uniqueArray(writeArbitrary, { maxLength: 3, selector: ({ topic }) => topic });

const refusal = (message: string): Parameters<typeof deadLetter>[2] => [
  { series: "", error: new UndercurrentError("RECORD_UNREADABLE", message) },
];

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
      const sent = new Map<string, number[]>();
      for (const request of splitByBytes(writes, maxBytes)) {
        expect(request.length).toBeGreaterThan(0);
        for (const { topic, records } of request) {
          const bytes = records.reduce((sum, { value }) => sum + value!.length, 0);
          expect(records.length).toBeGreaterThan(0);
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
  expect(() => [...splitByBytes([{ topic: "state", partition: 0, records: [record] }], maxBytes)]).toThrow(
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
  const letter = deadLetter(input, origin, refusal("the record's value is not JSON"));
  const forecast = { ...letter, value: Buffer.from("forecast"), headers: huge };
  const [topics] = [
    ...splitByBytes(
      [
        {
          topic: "letters",
          partition: 0,
          records: [small, letter, { ...letter, key: Buffer.alloc(maxBytes) }],
          shorten: shortenLetter,
        },
        { topic: "forecasts", partition: 0, records: [small, forecast], shorten: shortenForecast },
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
    ["undercurrent-reason", "the record's value is not JSON"],
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
    refusal("the record has no value (a tombstone)"),
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

describe("of a record that is shortened", () => {
  const bare = { key: null, value: Buffer.alloc(5), headers: [], timestamp: 0 };
  const omitted = ({ headers }: OutputRecord): string => Buffer.from(headers.at(-1)!.value).toString();

  test("a key of 1,024 bytes is kept, and one byte more counts as omitted with the others", () => {
    const longest = shortenLetter({ ...bare, key: Buffer.alloc(1024) });
    expect(longest.key).toHaveLength(1024);
    expect(omitted(longest)).toBe("5");
    const longer = shortenLetter({ ...bare, key: Buffer.alloc(1025) });
    expect(longer.key).toBeNull();
    expect(omitted(longer)).toBe("1030");
  });

  test("16,384 bytes of headers of ours are kept, and not one more", () => {
    const header = {
      name: "undercurrent-reason",
      value: Buffer.alloc(16_384 - "undercurrent-reason".length),
    };
    expect(shortenLetter({ ...bare, headers: [header] }).headers).toHaveLength(2);
    const more = { ...header, value: Buffer.alloc(header.value.length + 1) };
    expect(shortenLetter({ ...bare, headers: [more] }).headers).toHaveLength(1);
  });
});

describe("a batch", () => {
  const headers = [{ name: "ü", value: Buffer.alloc(5) }];
  /** 32 and the key's 3 and the header's 10 + 2 + 5, beside the value. */
  const beside = 32 + 3 + 17;
  const sized = (bytes: number): OutputRecord => ({
    key: Buffer.alloc(3),
    value: Buffer.alloc(bytes - beside),
    headers,
    timestamp: 0,
  });
  const head = 61;
  const lengths = (records: readonly OutputRecord[]): number[] =>
    [...splitByBytes([{ topic: "t", partition: 0, records }], maxBytes)].map(
      ([part]) => part!.records.length,
    );

  test("is filled to the last byte, and no further", () => {
    expect(lengths([sized(maxBytes - head)])).toEqual([1]);
    expect(lengths([sized(1000), sized(maxBytes - head - 1000)])).toEqual([2]);
    expect(lengths([sized(1000), sized(maxBytes - head - 999)])).toEqual([1, 1]);
    expect(() => lengths([sized(maxBytes - head + 1)])).toThrow(/1940 bytes/);
  });

  test("is left out where there are no records", () => {
    expect(lengths([])).toEqual([]);
  });

  test("keeps what fits as it is, though it could be shortened", () => {
    const record = sized(maxBytes - head);
    const shorten = (): OutputRecord => sized(100);
    const [request] = [...splitByBytes([{ topic: "t", partition: 0, records: [record], shorten }], maxBytes)];
    expect(request).toEqual([{ topic: "t", partition: 0, records: [record] }]);
    const [short] = [
      ...splitByBytes([{ topic: "t", partition: 0, records: [sized(maxBytes)], shorten }], maxBytes),
    ];
    expect(short![0]!.records[0]!.value).toHaveLength(100 - beside);
    const huge = (): OutputRecord => sized(maxBytes);
    const still = splitByBytes(
      [{ topic: "t", partition: 0, records: [sized(maxBytes)], shorten: huge }],
      maxBytes,
    );
    expect(() => [...still]).toThrow(/RECORD_TOO_LARGE|2000 bytes/);
  });

  test("names its partition, and goes out with those of the others", () => {
    const writes = [
      { topic: "a", partition: 3, records: [sized(900), sized(900), sized(900)] },
      { topic: "b", partition: 0, records: [sized(60)] },
    ];
    const requests = [...splitByBytes(writes, maxBytes)];
    expect(requests.map((parts) => parts.map(({ topic, partition }) => [topic, partition]))).toEqual([
      [
        ["a", 3],
        ["b", 0],
      ],
      [["a", 3]],
    ]);
  });

  test("is made of the bytes themselves, not of copies", () => {
    const whole = new Uint8Array([1, 2, 3, 4, 5]);
    const buffer = bufferOf(whole.subarray(1, 4));
    expect([...buffer]).toEqual([2, 3, 4]);
    whole[2] = 9;
    expect([...buffer]).toEqual([2, 9, 4]);
    expect(bufferOf(buffer)).toBe(buffer);
  });
});
