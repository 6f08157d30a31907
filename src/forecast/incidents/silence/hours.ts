/**
 * The hours of the week in which a key comes, so that a pause of every night or weekend is no silence: two bits for each
 * hour of a workday and of a weekend, moved by what each day shows (as branch predictors do: Smith, A Study of Branch
 * Prediction Strategies, 1981). A key is taken to come in every hour until it missed one; an hour that it came in on
 * several days is given up after two misses. The first weekend begins with what the workdays showed, and the reverse.
 */
import { f32At, f64At, marks, u16At, type SilenceRow } from "./rows.js";

const hour = 3_600_000;
const minute = 60_000;
/** The finest step of a zone's offset: within a quarter of an hour the hour need not be looked up. */
const quarter = 15 * minute;
/** Mean gap up to which an hour without an event says something: 12 are usual. */
const longestGap = 5 * minute;
/** A key need not begin the first hour after a pause on the minute. */
const wake = quarter;
/** Hours that are looked at: a pause is no longer than a week. */
const mostHours = 168;
/** 1 January 1970 was a Thursday: the fourth day of a week that begins on Sunday. */
const firstDay = 4;
/** Bits of an hour whose presence was never seen: they are stored against this value, so that zero stands for it. */
const unknown = 2;
const comesFrom = 2;
const most = 3;

export class ActiveHours {
  readonly #localOf: (time: number) => number;

  /** @param localOf Returns the local time of a time. */
  constructor(localOf: (time: number) => number) {
    this.#localOf = localOf;
  }

  /** Takes an event of the key at a time, and the hours since its last one without any, where `missed` says so. */
  learn(row: SilenceRow, time: number, missed: boolean): void {
    const last = row.f64[row.at64 + f64At.last]!;
    if (!applies(row) || Math.floor(time / quarter) === Math.floor(last / quarter)) return;
    const now = Math.floor(this.#localOf(time) / hour);
    const before = Math.floor(this.#localOf(last) / hour);
    if (missed) {
      const first = Math.max(before + 1, now - mostHours);
      for (let each = first; each < now; each++) move(row, each, -1);
    }
    if (now !== before) move(row, now, 1);
  }

  /** Returns the milliseconds from the key's last event to a time in hours in which the key comes. */
  activeUntil(row: SilenceRow, time: number): number {
    const last = row.f64[row.at64 + f64At.last]!;
    const span = time - last;
    if (!applies(row)) return span;
    const start = this.#localOf(last);
    let active = 0;
    let at = start;
    for (let hours = 0; hours < mostHours && at < start + span; hours++) {
      const index = Math.floor(at / hour);
      const end = Math.min((index + 1) * hour, start + span);
      if (bitsOf(row, index) >= comesFrom) active += end - at;
      at = end;
    }
    return active + (start + span - at);
  }

  /** Returns when the key will have been away for so many milliseconds of hours in which it comes. */
  timeAfter(row: SilenceRow, limit: number): number {
    const last = row.f64[row.at64 + f64At.last]!;
    if (!applies(row)) return last + limit;
    const start = this.#localOf(last);
    let left = limit;
    let at = start;
    for (let hours = 0; hours < mostHours; hours++) {
      const index = Math.floor(at / hour);
      const end = (index + 1) * hour;
      if (bitsOf(row, index) >= comesFrom) {
        if (left <= end - at) break;
        left -= end - at;
      } else if (left < wake) left = wake;
      at = end;
    }
    return last + (at - start) + left;
  }
}

function applies({ f32, at32 }: SilenceRow): boolean {
  return f32[at32 + f32At.gap]! < longestGap;
}

/** Whether an hour, counted from 1970, lies on a Saturday or Sunday. */
function isWeekend(index: number): boolean {
  const weekday = (((Math.floor(index / 24) + firstDay) % 7) + 7) % 7;
  return weekday === 0 || weekday === 6;
}

/** The place of an hour among the 48. */
function placeOf(index: number): number {
  return (((index % 24) + 24) % 24) + (isWeekend(index) ? 24 : 0);
}

function bitsOf(row: SilenceRow, index: number): number {
  return bitsAt(row, placeOf(index));
}

/** Moves the bits of an hour, and those of the other days' hour as long as no such day was seen. */
function move(row: SilenceRow, index: number, by: number): void {
  const { u16, at16 } = row;
  const place = placeOf(index);
  const [these, others] = isWeekend(index) ? [marks.weekend, marks.workday] : [marks.workday, marks.weekend];
  u16[at16 + u16At.marks] = u16[at16 + u16At.marks]! | these;
  const bits = Math.min(Math.max(bitsAt(row, place) + by, 0), most);
  setBits(row, place, bits);
  if ((u16[at16 + u16At.marks]! & others) === 0) setBits(row, (place + 24) % 48, bits);
}

function bitsAt({ u16, at16 }: SilenceRow, place: number): number {
  return ((u16[at16 + u16At.hours + (place >> 3)]! >> (2 * (place & 7))) & 3) ^ unknown;
}

function setBits({ u16, at16 }: SilenceRow, place: number, bits: number): void {
  const at = at16 + u16At.hours + (place >> 3);
  const shift = 2 * (place & 7);
  u16[at] = (u16[at]! & ~(3 << shift)) | ((bits ^ unknown) << shift);
}
