/** How much of a forecast an expert has alone that is far better than all others. */

/** Losses, relative to that of the rivals, at which an expert has the whole lead, and at which it has none. */
export interface LeadLimits {
  readonly whole: number;
  readonly none: number;
}

/**
 * The same of losses relative to that of the last value, where the rivals are hardly better: of an expert this good the fixed
 * share of a mixture costs more than it saves.
 */
const byLast: LeadLimits = { whole: 0.03, none: 0.1 };
const hardlyBetter = 0.9;

/**
 * The share of the forecast that an expert has alone, from 0 to 1.
 *
 * @param loss Its loss, relative to the rivals'.
 * @param ofRivals Loss of the rivals; `ofLast` that of the last value.
 */
export function leadOf({ whole, none }: LeadLimits, loss: number, ofRivals: number, ofLast: number): number {
  const overRivals = (none - loss) / (none - whole);
  const overLast = (byLast.none * ofLast - loss * ofRivals) / ((byLast.none - byLast.whole) * ofLast);
  if (!(overLast > overRivals)) return Math.max(0, Math.min(overRivals, 1));
  // Where the rivals are better, they have learned so in spite of that.
  const lead = Math.min(overLast, (1 - loss) / (1 - hardlyBetter));
  return Math.max(0, Math.min(Math.max(overRivals, lead), 1));
}
