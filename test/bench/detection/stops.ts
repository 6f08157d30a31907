/** Streams that move in their own way until they stop for good, seeded: each stop is an alarm soon. */
import type { Noise, Process } from "./ordinary.js";

/** A stream until it stops, and the values after the stop within which an alarm must have come. */
export interface Stop {
  readonly within: number;
  /** @param end The first value that stays. */
  readonly make: (noise: Noise, end: number) => Process;
}

/** Two states in turn; `draw` returns how many values each lasts. After the end the first state stays. */
function machine(end: number, draw: (on: boolean) => number, valueOf: (on: boolean) => number): Process {
  let on = false;
  let left = 0;
  return (t) => {
    if (t >= end) return valueOf(false);
    if (left-- <= 0) {
      on = !on;
      left = Math.round(draw(on));
    }
    return valueOf(on);
  };
}

export const stops: Readonly<Record<string, Stop>> = {
  "square wave": { within: 40, make: (_, end) => (t) => (t < end && t % 20 < 10 ? 5 : 0) },
  "square wave that stays high": { within: 40, make: (_, end) => (t) => (t >= end || t % 20 < 10 ? 5 : 0) },
  "square wave and noise": {
    within: 120,
    make: (n, end) => (t) => (t < end && t % 60 < 30 ? 5 : 0) + 0.2 * n.normal(),
  },
  "cron spikes": {
    within: 180,
    make: (n, end) => (t) => 10 + 0.3 * n.normal() + (t < end && t % 60 === 0 ? 100 : 0),
  },
  "spikes of many sizes": {
    within: 90,
    make: (n, end) => (t) =>
      10 + 0.3 * n.normal() + (t < end && t % 30 === 0 ? 20 * Math.exp(0.3 * n.normal()) : 0),
  },
  "count each twelfth value": { within: 120, make: (_, end) => (t) => (t < end && t % 12 === 0 ? 1 : 0) },
  "machine of 8 to 12 values": {
    within: 50,
    make: (n, end) =>
      machine(
        end,
        () => 8 + 4 * n.uniform(),
        (on) => (on ? 1 : 0),
      ),
  },
  compressor: {
    within: 130,
    make: (n, end) =>
      machine(
        end,
        (on) => (on ? 5 : 35) * (0.9 + 0.2 * n.uniform()),
        (on) => (on ? 800 + 10 * n.normal() : 3 + 0.2 * n.normal()),
      ),
  },
};
