/**
 * Which keys are forgotten, so that memory stays bounded where keys come and go. It is decided where a key begins, from
 * the states of the others alone: a forecaster that was restored forgets the same keys at the same events, and a snapshot
 * needs nothing more.
 */
import type { KeyTable } from "./table.js";
import { number } from "./layout.js";
import type { ForecasterSettings } from "../settings.js";

/** The settings that bound the keys of a state. */
export type KeyBounds = Readonly<Pick<ForecasterSettings, "maxKeys" | "keyTtlMs">>;

/** Of the most keys, one in so many is forgotten at once: to look at all of them is paid for by as many new ones. */
const shareForgotten = 64;
/** Fewer keys than these are not looked at for their age; of more, whenever they have grown by a 16th of a power of two. */
const leastKeys = 64;
/** The latest times, one in so many keys, are not believed: a clock that runs ahead makes no other key old. */
const shareDoubted = 64;

/** Numbers of keys evicted at once, by setting. */
export interface ForgottenKeys {
  /** Evicted because their last event was older than `keyTtlMs`. */
  readonly timeToLive: number;
  /** Evicted at the limit `maxKeys`. */
  readonly maximum: number;
}

/** Slots of keys that have to go, and why. */
export interface KeysToForget {
  readonly slots: readonly number[];
  readonly because: ForgottenKeys;
}

/** The keys that have to go before another key begins; most often none. */
export function keysToForget(keys: KeyTable, { maxKeys, keyTtlMs }: KeyBounds): KeysToForget {
  const { size } = keys;
  const full = maxKeys > 0 && size >= maxKeys;
  const aged = keyTtlMs > 0 && size >= leastKeys && size % ageStep(size) === 0;
  if (!full && !aged) return none;
  const slots = slotsOf(keys);
  const times = Float64Array.from(slots, (slot) => lastTime(keys, slot)).sort();
  const now = times[size - 1 - Math.floor(size / shareDoubted)]!;
  const old = aged ? slots.filter((slot) => lastTime(keys, slot) < now - keyTtlMs) : [];
  const surplus = size - maxKeys + Math.ceil(maxKeys / shareForgotten);
  const maximum = full ? Math.max(0, surplus - old.length) : 0;
  return {
    slots: maximum > 0 ? oldest(keys, slots, times, surplus) : old,
    because: { timeToLive: old.length, maximum },
  };
}

const none = { slots: [], because: { timeToLive: 0, maximum: 0 } } as const;

/** Where the number of keys is a multiple of it, their ages are looked at. */
function ageStep(size: number): number {
  return Math.max(leastKeys, 2 ** (Math.floor(Math.log2(size)) - 4));
}

/** The `count` keys whose last events are the oldest; of those with the same time, the first in the order of their texts. */
function oldest(
  keys: KeyTable,
  slots: readonly number[],
  sorted: Float64Array,
  count: number,
): readonly number[] {
  const limit = sorted[count - 1]!;
  const before = slots.filter((slot) => lastTime(keys, slot) < limit);
  const at = slots.filter((slot) => lastTime(keys, slot) === limit);
  at.sort((a, b) => (keys.nameOf(a) < keys.nameOf(b) ? -1 : 1));
  return [...before, ...at.slice(0, count - before.length)];
}

function slotsOf(keys: KeyTable): readonly number[] {
  const slots: number[] = [];
  for (let slot = 0; slot < keys.slots; slot++) if (keys.has(slot)) slots.push(slot);
  return slots;
}

function lastTime(keys: KeyTable, slot: number): number {
  return keys.f64[slot * keys.f64PerKey + number.time]!;
}
