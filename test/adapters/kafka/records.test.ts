/** Headers as the client's own decoder hands them over, whatever a producer named them. */
import { createRequire } from "node:module";
import fc from "fast-check";
import type { KafkaMessage } from "kafkajs";
import { expect, test } from "vitest";
import { toInputBatch } from "../../../src/adapters/kafka/records.js";
import type { RecordHeader } from "../../../src/pipeline/ports.js";

interface Wire {
  readonly encode: (record: object) => { readonly buffer: Buffer };
  readonly decode: (decoder: object, batch: object) => KafkaMessage;
  readonly Decoder: new (bytes: Buffer) => { readVarInt(): number };
}

// Inner files of the client, which has no public way from bytes to messages.
const load = createRequire(import.meta.url);
const wire: Wire = {
  encode: load("kafkajs/src/protocol/recordBatch/record/v0/index.js") as Wire["encode"],
  decode: load("kafkajs/src/protocol/recordBatch/record/v0/decoder.js") as Wire["decode"],
  Decoder: load("kafkajs/src/protocol/decoder.js") as Wire["Decoder"],
};

/** The headers of a record that went over the wire. */
function received(headers: ReadonlyMap<string, readonly Buffer[]>): readonly RecordHeader[] {
  const named = Object.create(null) as Record<string, readonly Buffer[]>;
  for (const [name, values] of headers) named[name] = values;
  const { buffer } = wire.encode({ key: null, value: null, headers: named });
  const decoder = new wire.Decoder(buffer);
  decoder.readVarInt();
  const message = wire.decode(decoder, { firstOffset: "0", firstTimestamp: "0" });
  return toInputBatch({ messages: [message], nextOffset: 1, endOffset: 1 }).records[0]!.headers;
}

/** In the order of their names: the order among different ones is lost in the client. */
const sorted = (headers: readonly RecordHeader[]): (readonly [string, string])[] =>
  headers
    .map(({ name, value }) => [name, Buffer.from(value).toString("hex")] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));

test("headers come as they were sent, also where their names are those of what every object inherits", () => {
  const names = fc.oneof(
    fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)),
    fc.string({ unit: "grapheme" }),
  );
  const values = fc.array(
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(names, values), { selector: ([name]) => name }), (pairs) => {
      const headers = new Map(pairs);
      const sent = pairs.flatMap(([name, all]) => all.map((value) => ({ name, value })));
      expect(sorted(received(headers))).toEqual(sorted(sent));
    }),
  );
});
