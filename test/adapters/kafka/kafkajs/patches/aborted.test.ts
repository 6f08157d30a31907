import fc from "fast-check";
import { expect, test } from "vitest";
import {
  markAborted,
  type AbortedTransaction,
  type FetchedRecord,
} from "../../../../../src/adapters/kafka/kafkajs/patches/aborted-transactions.js";

type Step = readonly [producer: number, what: "send" | "send zero" | "commit" | "abort"];

/** A log as a broker keeps it: records and markers, and the transactions that were aborted in the order of their ends. */
function makeLog(steps: readonly Step[]): {
  readonly records: FetchedRecord[];
  readonly aborted: (AbortedTransaction & { readonly lastOffset: number })[];
  readonly committed: Set<string>;
} {
  const records: FetchedRecord[] = [];
  const aborted: (AbortedTransaction & { readonly lastOffset: number })[] = [];
  const committed = new Set<string>();
  const open = new Map<number, string[]>();
  const append = (producer: number, key: readonly number[], isControlRecord: boolean): string => {
    const offset = String(records.length);
    const batchContext = { producerId: String(producer), inTransaction: true };
    records.push({ offset, key: Uint8Array.from(key), isControlRecord, batchContext });
    return offset;
  };
  const all: readonly Step[] = [...steps, ...[0, 1, 2].map((producer): Step => [producer, "abort"])];
  for (const [producer, what] of all) {
    const sent = open.get(producer) ?? [];
    if (what === "send" || what === "send zero") {
      sent.push(append(producer, what === "send" ? [7] : [0, 0, 0, 0], false));
      open.set(producer, sent);
    } else if (sent.length > 0) {
      const end = append(producer, [0, 0, 0, what === "commit" ? 1 : 0], true);
      open.delete(producer);
      if (what === "commit") sent.forEach((offset) => committed.add(offset));
      else aborted.push({ producerId: String(producer), firstOffset: sent[0]!, lastOffset: Number(end) });
    }
  }
  return { records, aborted, committed };
}

const stepsArbitrary = fc.array(
  fc.tuple(fc.nat(2), fc.constantFrom("send", "send", "send zero", "commit", "abort")),
  { maxLength: 40 },
) as fc.Arbitrary<Step[]>;

test("what is fetched from any offset shows the records of committed transactions and no others", () => {
  fc.assert(
    fc.property(stepsArbitrary, fc.nat(45), fc.nat(45), (steps, start, length) => {
      const { records, aborted, committed } = makeLog(steps);
      const fetched = records.slice(start, start + length);
      markAborted(
        fetched,
        aborted.filter(
          ({ firstOffset, lastOffset }) => lastOffset >= start && Number(firstOffset) < start + length,
        ),
      );
      const seen = fetched.filter((record) => !record.isControlRecord).map(({ offset }) => offset);
      const all = records.map(({ offset }) => offset).slice(start, start + length);
      expect(seen).toEqual(all.filter((offset) => committed.has(offset)));
    }),
    { numRuns: 1000 },
  );
});

test("records without a transaction are seen whatever is aborted around them", () => {
  const batchContext = { producerId: "-1", inTransaction: false };
  const record = { offset: "5", key: null, isControlRecord: false, batchContext };
  markAborted([record], [{ producerId: "-1", firstOffset: "0" }]);
  expect(record.isControlRecord).toBe(false);
});
