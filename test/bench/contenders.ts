/** Contenders of a bench, measured in turn in one process, so that what else the machine does reaches all of them alike. */

const rounds = 9;

/** Who does the work: how long one call takes, in milliseconds, measured for about `budget` of them. */
export interface Contender {
  readonly name: string;
  time(budget: number): Promise<number>;
}

/** A contender that runs here; `run` may give a promise, `prepare` is waited for before each measurement. */
export function inProcess(
  name: string,
  run: (call: number) => unknown,
  prepare?: () => Promise<unknown>,
): Contender {
  return {
    name,
    async time(budget) {
      await prepare?.();
      const start = performance.now();
      let calls = 0;
      let elapsed = 0;
      while (elapsed < budget) {
        const result = run(calls++);
        if (result instanceof Promise) await result;
        elapsed = performance.now() - start;
      }
      return elapsed / calls;
    },
  };
}

/** Milliseconds of each one's calls, in turn after a first round that does not count. */
export async function compare(contenders: readonly Contender[], budget: number): Promise<number[][]> {
  const times = contenders.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const one = await contender.time(budget);
      if (round > 0) times[i]!.push(one);
    }
  }
  return times;
}
