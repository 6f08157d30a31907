/** Whose feedback and commands an owner takes from the incidents topic. */
import { expect, test } from "vitest";
import { ownFeedback } from "../../../../src/adapters/kafka/source/feedback.js";

test("records of another application are left out, and those that name none are taken", () => {
  const recordOf = (offset: number, application?: string) => ({
    ...{ offset, key: null, value: null, timestamp: -1 },
    headers:
      application === undefined
        ? []
        : [{ name: "undercurrent-application", value: Buffer.from(application) }],
  });
  const records = [recordOf(0, "north"), recordOf(1, "south"), recordOf(2), recordOf(3, "north-2")];
  expect(ownFeedback(records, "north").map(({ offset }) => offset)).toEqual([0, 2]);
});
