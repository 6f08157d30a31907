/** Shortens numbers for a report; null stands for a missing number. */

/** Significant digits that a chart or a table can show, and some to spare. */
const digits = 7;

export function short(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(digits));
}

export function columnOf(values: Iterable<number | null>): (number | null)[] {
  return Array.from(values, short);
}
