/** Writes digits as ECMA-262, Number::toString does, but always with a decimal point or an exponent. */

/** "00", "01", … "99". */
const pairs: i32 = <i32>memory.data(200, 16);
/** Room for the digits of one number. */
const digits: i32 = <i32>memory.data(48, 16);

/** ".0", so that whole and fractional numbers of a field have the same type for a reader. */
export const pointZero: u16 = 0x302e;

/** Fills the table of pairs. */
export function initDigits(): void {
  for (let i = 0; i < 100; i++) {
    store<u8>(pairs + 2 * i, 48 + i / 10);
    store<u8>(pairs + 2 * i + 1, 48 + (i % 10));
  }
}

/** Appends the two digits of a number below 100. */
// @ts-ignore: decorator
@inline
export function pair(at: i32, value: i32): void {
  store<u16>(at, load<u16>(pairs + 2 * value));
}

/** Appends value · 10^exponent, value not 0. */
export function layout(value: u64, exponent: i32, at: i32): i32 {
  if (value % 100000000 === 0) {
    value /= 100000000;
    exponent += 8;
  }
  // The digits, from the last to the first, without the zeros at their end.
  const end = digits + 20;
  let begin = end;
  while (value >= 100000000) {
    const upper = value / 100000000;
    let lower = <u32>(value - upper * 100000000);
    for (let i = 0; i < 4; i++) {
      const next = lower / 100;
      begin -= 2;
      pair(begin, lower - next * 100);
      lower = next;
    }
    value = upper;
  }
  let rest = <u32>value;
  while (rest >= 100) {
    const next = rest / 100;
    begin -= 2;
    pair(begin, rest - next * 100);
    rest = next;
  }
  if (rest >= 10) {
    begin -= 2;
    pair(begin, rest);
  } else {
    store<u8>(--begin, 48 + rest);
  }
  let last = end;
  while (load<u8>(last - 1) === 48) last--;
  exponent += end - last;
  const count = last - begin;
  return place(begin, count, count + exponent, at);
}

/** Appends digits with the decimal point after the first `point` of them. */
// @ts-ignore: decorator
@inline
function place(begin: i32, count: i32, point: i32, at: i32): i32 {
  if (point > 21 || point < -5) return scientific(begin, count, point - 1, at);
  if (point <= 0) {
    store<u64>(at, 0x3030303030302e30);
    at += 2 - point;
    copyDigits(begin, at);
    return at + count;
  }
  copyDigits(begin, at);
  if (point >= count) {
    for (let i = count; i < point; i++) store<u8>(at + i, 48);
    store<u16>(at + point, pointZero);
    return at + point + 2;
  }
  copyDigits(begin + point, at + point + 1);
  store<u8>(at + point, 46);
  return at + count + 1;
}

function scientific(begin: i32, count: i32, exponent: i32, at: i32): i32 {
  store<u8>(at++, load<u8>(begin));
  if (count > 1) {
    store<u8>(at, 46);
    copyDigits(begin + 1, at + 1);
    at += count;
  }
  store<u8>(at, 101);
  store<u8>(at + 1, exponent < 0 ? 45 : 43);
  at += 2;
  let size = exponent < 0 ? -exponent : exponent;
  if (size >= 100) {
    store<u8>(at++, 48 + size / 100);
    size %= 100;
    pair(at, size);
    return at + 2;
  }
  if (size >= 10) {
    pair(at, size);
    return at + 2;
  }
  store<u8>(at, 48 + size);
  return at + 1;
}

/** Copies 20 bytes and more: no number has more digits. */
// @ts-ignore: decorator
@inline
function copyDigits(from: i32, at: i32): void {
  store<u64>(at, load<u64>(from));
  store<u64>(at + 8, load<u64>(from + 8));
  store<u64>(at + 16, load<u64>(from + 16));
}
