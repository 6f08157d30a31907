import { expect, test } from "vitest";
import { sameFields } from "../../../../src/adapters/kafka/offline/past.js";

const same = (a: string, b: string): boolean => sameFields(Buffer.from(a), Buffer.from(b));

test("a forecast of another release is the same where its fields and numbers are", () => {
  expect(same('{"key":"a","value":41,"yhat":-0}', '{"key":"a","value":41.0,"yhat":0.0}')).toBe(true);
  expect(same('{"key":"a","value":41}', '{"key":"a","value":41.5}')).toBe(false);
  expect(same('{"key":"a","value":41}', '{"key":"a","value":41.0,"yhat":1.0}')).toBe(false);
  expect(same('{"key":"a"', '{"key":"a"')).toBe(false);
  expect(sameFields(null, Buffer.from("{}"))).toBe(false);
});
