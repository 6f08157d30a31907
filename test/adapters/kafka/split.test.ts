import fc from "fast-check";
import { expect, test } from "vitest";
import { splitByBytes, type TopicWrite } from "../../../src/adapters/kafka/split.js";

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
