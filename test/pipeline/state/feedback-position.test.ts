/** How far feedback was read, where the topic that it is read from changes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Assignment, InputBatch } from "../../../src/pipeline/ports.js";
import { FeedbackIntake } from "../../../src/pipeline/state/feedback-intake.js";
import { movedTo, nextIn, type FeedbackPosition } from "../../../src/pipeline/state/feedback-position.js";
import { promotionMessage } from "../../../src/pipeline/state/promotion.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";

const topics = [undefined, "feedback", "other"];

test("each topic is read on where it was left, whatever topics were read meanwhile", () => {
  const moves = fc.array(fc.tuple(fc.constantFrom(...topics), fc.nat(9)));
  fc.assert(
    fc.property(moves, (all) => {
      const expected = new Map<string | undefined, number>();
      let position: FeedbackPosition | undefined;
      for (const [topic, count] of all) {
        const next = (nextIn(position, topic) ?? 0) + count;
        position = movedTo(position, topic, next);
        expected.set(topic, next);
        // It is kept as JSON.
        position = JSON.parse(JSON.stringify(position)) as FeedbackPosition;
        for (const each of topics) expect(nextIn(position, each)).toBe(expected.get(each));
      }
    }),
  );
});

test("the position in one topic alone is its offset alone, as earlier releases write it", () => {
  expect(movedTo(undefined, undefined, 3)).toEqual({ next: 3 });
  expect(movedTo({ next: 3 }, undefined, 7)).toEqual({ next: 7 });
  expect(movedTo({ next: 7 }, "feedback", 2)).toEqual({ next: 2, topic: "feedback", others: { "": 7 } });
});

/** An intake that has read all records of a topic. */
async function intakeOf(
  values: readonly string[],
  position: FeedbackPosition | undefined,
  feedbackTopic?: string,
): Promise<{ readonly taken: ReturnType<FeedbackIntake["take"]>; readonly from: number | undefined }> {
  let first: number | undefined;
  const assignment: Pick<Assignment, "readFeedback" | "feedbackTopic"> = {
    feedbackTopic,
    async *readFeedback(from): AsyncGenerator<InputBatch> {
      first = from;
      const all = values.map((value, offset) => ({
        ...{ offset, key: null, value: Buffer.from(value), headers: [], timestamp: -1 },
      }));
      yield await Promise.resolve({
        records: all.slice(from ?? 0),
        nextOffset: all.length,
        endOffset: all.length,
      });
    },
  };
  const intake = new FeedbackIntake(assignment as Assignment, position);
  await intake.run(new AbortController().signal);
  return { taken: intake.take(), from: first };
}

const command = promotionMessage(forecasterSettings({}), 0);
const said = JSON.stringify({ feedback: "ack", key: "a", kind: "spike", until: "2026-01-01T00:00:00Z" });

test("commands from before an import are over, and feedback is not", async () => {
  const { taken } = await intakeOf([said, command, command], { next: 0, commandsFrom: 2 });
  expect(taken).toMatchObject({ entries: [{ key: "a" }], promotions: [{ given: 0 }], position: { next: 3 } });
  expect(taken!.position.commandsFrom).toBeUndefined();
});

test("another topic is read from its first record", async () => {
  const { taken, from } = await intakeOf([said, command], { next: 9, commandsFrom: 12 }, "feedback");
  expect(from).toBeUndefined();
  expect(taken).toMatchObject({
    promotions: [{}],
    position: { next: 2, topic: "feedback", others: { "": 12 } },
  });
});
