/**
 * Writes numbers and times as JSON text. The text equals that of JSON.stringify, except that a number always has a fraction
 * or an exponent. Dates follow H. Hinnant, "chrono-compatible low-level date algorithms" (2014).
 *
 * Each function appends a piece of text and then a value at an address, and returns the address after the last byte. A piece
 * is one byte with its length, at most 31, followed by its characters. Each function may read and write 32 bytes from there.
 */
import { initDigits, layout, pair, pointZero } from "./text-digits";
import { shortest } from "./text-shortest";

export { powers } from "./text-shortest";

/** Room for pieces. */
export const pieces: i32 = <i32>memory.data(4096, 16);

/** Fills the tables except the powers, and returns the address of the output. */
export function init(): i32 {
  initDigits();
  return <i32>((__heap_base + 15) & ~15);
}

/** Grows the memory up to an address. Returns false if it cannot. */
export function reserve(end: i32): bool {
  const missing = ((end + 0xffff) >>> 16) - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}

/** Appends a piece and a whole number of 0 or more, without a fraction. */
export function integer(piece: i32, value: u32, at: i32): i32 {
  at = copy(piece, at);
  let end = at + 1;
  for (let rest = value / 10; rest > 0; rest /= 10) end++;
  for (let next = end; next > at; value /= 10) store<u8>(--next, 48 + (value % 10));
  return end;
}

/** Appends a piece and a whole number between -2^53 and 2^53, without a fraction; null if it is not finite. */
export function long(piece: i32, value: f64, at: i32): i32 {
  at = copy(piece, at);
  if (!(Math.abs(value) <= 9007199254740992)) return nothing(at);
  let rest = <u64>Math.abs(value);
  if (value < 0) store<u8>(at++, 45);
  let end = at + 1;
  for (let left = rest / 10; left > 0; left /= 10) end++;
  for (let next = end; next > at; rest /= 10) store<u8>(--next, 48 + <u8>(rest % 10));
  return end;
}

/** Appends a piece and a number with a fraction or an exponent; null if it is not finite, 0.0 for both zeros. */
export function number(piece: i32, value: f64, at: i32): i32 {
  at = copy(piece, at);
  const bits = reinterpret<u64>(value);
  const exponent = <i32>((bits >> 52) & 0x7ff);
  if (exponent === 0x7ff) return nothing(at);
  if (value === 0) {
    store<u8>(at, 48);
    store<u16>(at + 1, pointZero);
    return at + 3;
  }
  store<u8>(at, 45);
  at += <i32>(bits >> 63);
  const fraction = bits & 0xfffffffffffff;
  if (exponent === 0) return shortest(-1074, fraction, at);
  const q = exponent - 1075;
  const c = fraction | 0x10000000000000;
  if (q <= 0 && q > -53) {
    const whole = c >> -q;
    if (whole << -q === c) return layout(whole, 0, at);
  }
  return shortest(q, c, at);
}

/** Appends a piece and the time in quotes, epoch milliseconds as Date's toISOString writes them: null beyond a Date. */
export function time(piece: i32, value: f64, at: i32): i32 {
  at = copy(piece, at);
  if (!(Math.abs(value) <= 8.64e15)) return nothing(at);
  const whole = <i64>value;
  let day = whole / 86400000;
  let rest = <i32>(whole - day * 86400000);
  if (rest < 0) {
    rest += 86400000;
    day--;
  }
  // Days since 1 March of the year 0, in eras of 400 years.
  const shifted = <i32>day + 719468;
  const era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const shiftedMonth = (5 * dayOfYear + 2) / 153;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  store<u8>(at++, 34);
  if (year < 0 || year > 9999) {
    store<u8>(at++, year < 0 ? 45 : 43);
    pair(at, (year < 0 ? -year : year) / 10000);
    at += 2;
  }
  const size = (year < 0 ? -year : year) % 10000;
  pair(at, size / 100);
  pair(at + 2, size % 100);
  store<u8>(at + 4, 45);
  pair(at + 5, month);
  store<u8>(at + 7, 45);
  pair(at + 8, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1);
  store<u8>(at + 10, 84);
  pair(at + 11, rest / 3600000);
  store<u8>(at + 13, 58);
  pair(at + 14, (rest / 60000) % 60);
  store<u8>(at + 16, 58);
  pair(at + 17, (rest / 1000) % 60);
  store<u8>(at + 19, 46);
  const milliseconds = rest % 1000;
  store<u8>(at + 20, 48 + milliseconds / 100);
  pair(at + 21, milliseconds % 100);
  store<u16>(at + 23, 0x225a);
  return at + 25;
}

// @ts-ignore: decorator
@inline
function copy(piece: i32, at: i32): i32 {
  store<u64>(at, load<u64>(piece + 1));
  store<u64>(at + 8, load<u64>(piece + 9));
  store<u64>(at + 16, load<u64>(piece + 17));
  store<u64>(at + 24, load<u64>(piece + 25));
  return at + <i32>load<u8>(piece);
}

// @ts-ignore: decorator
@inline
function nothing(at: i32): i32 {
  store<u32>(at, 0x6c6c756e);
  return at + 4;
}
