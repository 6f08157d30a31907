import { expect, test } from "vitest";
import { CloudEventHeaders } from "../../../src/pipeline/encode/cloudevents.js";
import type { InputRecord, RecordHeader } from "../../../src/pipeline/ports.js";

const header = (name: string, text: string): RecordHeader => ({ name, value: Buffer.from(text) });
const record = (offset: number, headers: readonly RecordHeader[] = []): InputRecord => ({
  offset,
  timestamp: 0,
  key: null,
  value: null,
  headers,
});
const shown = (headers: readonly RecordHeader[]): Record<string, string> =>
  Object.fromEntries(headers.map(({ name, value }) => [name, Buffer.from(value).toString()]));

test("a forecast has the attributes that a CloudEvent must have, and none of its observation's", () => {
  const headers = new CloudEventHeaders("pumps", { topic: "readings", partition: 3 });
  const given = [header("trace", "1"), header("ce_id", "other"), header("Content-Type", "text/plain")];
  expect(shown(headers.of(record(17, given), "pump 7", Date.UTC(2026, 2, 1)))).toEqual({
    trace: "1",
    ce_specversion: "1.0",
    ce_type: "undercurrent.forecast",
    ce_source: "/pumps/readings/3",
    "content-type": "application/json",
    ce_id: "17",
    ce_time: "2026-03-01T00:00:00.000Z",
    ce_subject: "pump 7",
  });
});

test("forecasts of one record have ids of their own, the same in every replay", () => {
  const ids = (): (string | undefined)[] => {
    const headers = new CloudEventHeaders("pumps", { topic: "readings", partition: 3 });
    return [4, 4, 4, 5].map((offset) => shown(headers.of(record(offset), "", 0))["ce_id"]);
  };
  expect(ids()).toEqual(["4", "4/1", "4/2", "5"]);
  expect(ids()).toEqual(ids());
});
