/** The gates between alarms and incidents: direction, least deviation and quiet times. */
import { parseIsoTime } from "../iso-time.js";
import { LocalClock } from "../keys/local-clock.js";
import { weekdays, type IncidentSettings, type QuietWindow } from "./settings.js";

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** 1 January 1970 was a Thursday. */
const epochWeekday = 4;

/** A window of a day, in milliseconds from midnight; one that ends on the next day ends after 24 hours. */
interface DailyWindow {
  /** Whether a window begins on the day, Sunday first. */
  readonly begins: readonly boolean[];
  readonly from: number;
  readonly to: number;
}

/** What a gate asks of an alarm. */
type Gate = Pick<IncidentSettings, "direction" | "minimumDeviation">;

export interface GateOptions {
  /** IANA zone of the quiet times of day. */
  readonly timeZone: string;
  /** Returns the key of a slot, for gates of some keys. */
  readonly keyOf?: ((slot: number) => string) | undefined;
  /** Returns an exogenous feature of a slot's event, or its last one that came; NaN where none came. */
  readonly featureOf?: ((slot: number, feature: number) => number) | undefined;
}

export class Gates {
  /** Whether there are quiet times at all. */
  readonly hasQuiet: boolean;
  readonly #gate: Gate;
  readonly #overrides: readonly (Gate & { readonly pattern: RegExp })[];
  readonly #keyOf: GateOptions["keyOf"];
  readonly #featureOf: GateOptions["featureOf"];
  /** The gates of slots that were asked for. A slot may get another key. */
  readonly #ofSlots: { readonly key: string; readonly gate: Gate }[] = [];
  readonly #clock: LocalClock;
  readonly #spans: readonly (readonly [from: number, to: number])[];
  readonly #daily: readonly DailyWindow[];

  constructor(
    { direction, minimumDeviation, overrides, quiet }: Omit<IncidentSettings, "confirm">,
    { timeZone, keyOf, featureOf }: GateOptions,
  ) {
    this.hasQuiet = quiet.length > 0;
    this.#gate = { direction, minimumDeviation };
    this.#overrides = overrides.map(({ keys, ...gate }) => ({ ...gate, pattern: new RegExp(keys, "u") }));
    this.#keyOf = keyOf;
    this.#featureOf = featureOf;
    this.#clock = new LocalClock(timeZone);
    this.#spans = quiet.flatMap((window) =>
      "days" in window ? [] : [[parseIsoTime(window.from), parseIsoTime(window.to)] as const],
    );
    this.#daily = quiet.flatMap((window) => ("days" in window ? [dailyWindow(window)] : []));
  }

  /**
   * Returns whether an unusual value counts.
   *
   * @param slot That of its key.
   * @param deviation From what was usual, in the unit of the values; NaN for an alarm without a direction.
   * @param expected What had been forecast, NaN where nothing was: no share of it can be asked for.
   */
  passes(slot: number, deviation: number, expected: number): boolean {
    const { direction, minimumDeviation } = this.#overrides.length === 0 ? this.#gate : this.#gateOf(slot);
    if (Number.isNaN(deviation)) return direction === "both";
    if (direction !== "both" && deviation > 0 !== (direction === "above")) return false;
    const size = Math.abs(deviation);
    const { absolute, share } = minimumDeviation;
    return !(size < this.#least(slot, absolute)) && !(size < this.#least(slot, share) * Math.abs(expected));
  }

  /** A least deviation; 0 where its feature never came. */
  #least(slot: number, least: Gate["minimumDeviation"]["absolute"]): number {
    if (typeof least === "number") return least;
    const own = this.#featureOf?.(slot, least.feature) ?? NaN;
    return Number.isNaN(own) ? 0 : own;
  }

  #gateOf(slot: number): Gate {
    const key = this.#keyOf?.(slot) ?? "";
    const known = this.#ofSlots[slot];
    if (known?.key === key) return known.gate;
    const gate = this.#overrides.find(({ pattern }) => pattern.test(key)) ?? this.#gate;
    this.#ofSlots[slot] = { key, gate };
    return gate;
  }

  /** Returns whether a time, in epoch milliseconds, lies in a quiet window. */
  isQuiet(time: number): boolean {
    for (const [from, to] of this.#spans) if (time >= from && time < to) return true;
    if (this.#daily.length === 0) return false;
    const local = this.#clock.localOf(time);
    const day = Math.floor(local / dayMs);
    const ofDay = local - day * dayMs;
    const today = (((day + epochWeekday) % 7) + 7) % 7;
    const yesterday = (today + 6) % 7;
    for (const { begins, from, to } of this.#daily) {
      if (begins[today]! && ofDay >= from && ofDay < to) return true;
      if (begins[yesterday]! && ofDay + dayMs < to) return true;
    }
    return false;
  }
}

function dailyWindow({ days, from, to }: Extract<QuietWindow, { days: unknown }>): DailyWindow {
  const begin = ofDay(from);
  const end = ofDay(to);
  return {
    begins: weekdays.map((day) => days.includes(day)),
    from: begin,
    to: end > begin ? end : end + dayMs,
  };
}

/** Milliseconds from midnight of a time of day written hh:mm. */
function ofDay(text: string): number {
  return minuteMs * (60 * Number(text.slice(0, 2)) + Number(text.slice(3)));
}
