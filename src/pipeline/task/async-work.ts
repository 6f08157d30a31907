/** Notices timers and promises that begin while synchronous code runs. */
import { createHook } from "node:async_hooks";

/**
 * Resources of Node that run code later. Ticks and requests are left out: a line of a log makes them too, in an operator
 * that drops an event on purpose.
 */
const laterTypes: ReadonlySet<string> = new Set(["Timeout", "Immediate", "PROMISE", "Microtask"]);

let begun = 0;

const hook = createHook({
  init(_id, type) {
    if (laterTypes.has(type)) begun++;
  },
});

/** How many timers and promises have begun within `watchAsyncWork`. */
export function asyncWorkBegun(): number {
  return begun;
}

/**
 * Runs synchronous code and counts the timers and promises that it begins. The hook is enabled for that time alone:
 * 3 microseconds for each call, and nothing for the promises of others.
 */
export function watchAsyncWork<Result>(work: () => Result): Result {
  hook.enable();
  try {
    return work();
  } finally {
    hook.disable();
  }
}
