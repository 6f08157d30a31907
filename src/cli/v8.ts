/** What the command asks of V8. */
import { setFlagsFromString } from "node:v8";

/**
 * A call that stays one passes each number as an object of its own. So V8 may compile 4,000 bytes of bytecode of other functions into one
 * that calls them, and 1,000 of one of them (by default 920 and 460): an event takes 8 to 10 % less time. Young objects are few when
 * they are collected: one thread takes as long as several do, and an event 2.5 % less CPU time. Both measured with the bench
 * `pipeline` and `dist/command`, Node 24 (docs/adr/0027).
 */
const flags = [
  "--max-inlined-bytecode-size-cumulative=4000",
  "--max-inlined-bytecode-size=1000",
  "--no-parallel-scavenge",
];

/** Sets V8's flags for the process and its worker threads. V8 reads these where it compiles or collects, so that they may change while it runs. */
export function tuneV8(): void {
  flags.forEach(setFlagsFromString);
}
