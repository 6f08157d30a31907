// What bounds the takeovers of an instance: places, and questions that are shared.
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SharedQuestion, Slots } from "../../../../src/adapters/kafka/source/takeover-limits.js";

const never = new AbortController().signal;

test("never more have a place than there are, and all get one in the end, whoever gives up meanwhile", async () => {
  const step = fc.record({ aborts: fc.boolean(), turns: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { maxLength: 20 }),
      async (count, steps) => {
        const slots = new Slots(count);
        let [held, most, had] = [0, 0, 0];
        await Promise.all(
          steps.map(async ({ aborts, turns }) => {
            const stop = new AbortController();
            if (aborts) setImmediate(() => stop.abort());
            const giveBack = await slots.take(stop.signal);
            if (giveBack === undefined) {
              expect(aborts).toBe(true);
              return;
            }
            had++;
            most = Math.max(most, ++held);
            for (let i = 0; i < turns; i++) await turn();
            held--;
            giveBack();
            // A second time it does nothing.
            giveBack();
          }),
        );
        expect(most).toBeLessThanOrEqual(count);
        expect(had).toBeGreaterThanOrEqual(steps.filter(({ aborts }) => !aborts).length);
        expect(await slots.take(never)).toBeDefined();
      },
    ),
  );
});

test("an answer is shared by all who asked before its question was put, and by nobody who asked later", async () => {
  let asked = 0;
  const answers: ((fails: boolean) => void)[] = [];
  const question = new SharedQuestion(() => {
    const number = ++asked;
    return new Promise<number>((resolve, reject) =>
      answers.push((fails) => (fails ? reject(new Error(`${number}`)) : resolve(number))),
    );
  });
  const first = question.ask();
  const others = [question.ask(), question.ask(), question.ask()];
  expect(asked).toBe(1);
  answers[0]!(false);
  expect(await first).toBe(1);
  await turn();
  expect(asked).toBe(2);
  const late = question.ask();
  answers[1]!(true);
  for (const other of others) await expect(other).rejects.toThrow("2");
  await turn();
  answers[2]!(false);
  expect(await late).toBe(3);
  const alone = question.ask();
  answers[3]!(false);
  expect(await alone).toBe(4);
});
