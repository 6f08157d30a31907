/** Streams with faults in them, of which incidents come. */
import { uniform } from "../../src/engine/random.js";
import type { Event } from "./streams.js";

const minute = 60_000;

/**
 * `count` events of `keys` keys by turns, one a minute each: noise around a level. From event 150 of a key on, every 120
 * events a fault: by turns a spike, a shift for 20 events, and a wild quarter of an hour.
 */
export function eventsWithFaults(count: number, keys = 1, seed = 1): Event[] {
  const next = uniform(seed);
  return Array.from({ length: count }, (_, i) => {
    const ofKey = Math.floor(i / keys);
    const noise = next() + next() + next() - 1.5;
    return { key: `key-${i % keys}`, time: ofKey * minute, value: 100 + noise + faultOf(ofKey) };
  });
}

function faultOf(ofKey: number): number {
  if (ofKey < 150) return 0;
  const since = (ofKey - 150) % 120;
  const kind = Math.floor((ofKey - 150) / 120) % 3;
  const size = 20 * (1 + Math.floor((ofKey - 150) / 360));
  if (kind === 0) return since === 0 ? size : 0;
  if (kind === 1) return since < 20 ? -size : 0;
  return since < 15 ? size * (since % 2 === 0 ? 1 : -1) : 0;
}
