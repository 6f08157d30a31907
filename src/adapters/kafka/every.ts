/** The loop of every watch: waits, looks, and ends by a signal. */
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Calls `look` once in each period and waits for it. The timer does not keep the process alive.
 *
 * @param periodMs from the end of one call to the next, ms; also before the first
 * @param end Ends the loop: at once while it waits, else after the call under way.
 * @returns a promise that resolves when the loop has ended, and rejects if `look` does
 */
export async function every(
  periodMs: number,
  end: AbortSignal,
  look: () => Promise<void> | void,
): Promise<void> {
  for (;;) {
    await sleep(periodMs, undefined, { signal: end, ref: false }).catch(() => undefined);
    if (end.aborted) return;
    await look();
  }
}
