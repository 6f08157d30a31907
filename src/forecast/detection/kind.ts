/**
 * Tells of what kind an alarm was, from the values that follow it. At the alarm the kind is a guess from the magnitude
 * that was rarest. After 8 values a spike has gone back and a greater variance has shown both sides; after 64 a shift has
 * stayed as it was, a trend has gone on, and a broken pattern has changed again. All of it is told from deviations from
 * the mean of the hour.
 */
import { f32At, f64At, hours, magnitude, u16At } from "./layout.js";
import type { Magnitudes } from "./magnitudes.js";
import type { DetectionRow } from "./rows.js";

export const kinds = [
  "spike",
  "level shift",
  "trend break",
  "flatline",
  "variance up",
  "variance down",
  "pattern break",
] as const;

/** What kind of fault an alarm is of. */
export type Kind = (typeof kinds)[number];

/** What an alarm was, told from the values that followed. */
export interface AlarmKind {
  readonly kind: Kind;
  /** Whether the values went above or below what was usual; none where only their variance changed. */
  readonly direction: "above" | "below" | undefined;
  /** Whether the kind is final. */
  readonly settled: boolean;
}

/** Values after which a spike has gone back, and after which every kind is settled. */
const soon = 8;
const late = 64;
/** Changes from one side to the other, half of the alarm's size away, that show a greater variance: soon, and late. */
const turnsSoon = 2;
const turnsLate = 6;
/** What a lasting deviation is late, by what it was soon: of a trend, also among values of any hour; and of a shift. */
const steepRatio = 2.4;
const trendRatio = 1.7;
const shiftRatio = 0.4;
/** The same of a shift among values that some hour has: it is constant. */
const constantRatio = [0.9, 1.2] as const;
/** Share of values that no hour has, above which they are not those of another hour. */
const outsideShare = 0.25;
/** Equal values in a row that are a flatline. */
const flatAfter = 6;

/** What the rarest magnitude suggests, in the order of `rarities`. */
const suggested: readonly Kind[] = [
  "spike",
  "spike",
  "spike",
  "pattern break",
  "level shift",
  "trend break",
  "variance down",
  "spike",
  "pattern break",
];

/** Returns the kind of the key's last alarm; undefined before its first one. */
export function kindOf({ f32, at32, u16, at16 }: DetectionRow): AlarmKind | undefined {
  const code = u16[at16 + u16At.kind]!;
  if (code === 0) return undefined;
  const kind = kinds[code - 1]!;
  const sided =
    kind === "spike" || kind === "level shift" || kind === "trend break" || kind === "pattern break";
  const direction = f32[at32 + f32At.size]! > 0 ? "above" : "below";
  return { kind, direction: sided ? direction : undefined, settled: u16[at16 + u16At.age] === 0 };
}

/**
 * Takes the event into account; `rarest` is the index of the rarest magnitude where the event is an alarm, else -1. The
 * mean and the profile must not have learned the event yet.
 */
export function noteKind(row: DetectionRow, now: Magnitudes, rarest: number): void {
  const { u16, at16 } = row;
  if (u16[at16 + u16At.age]! > 0) follow(row, now);
  else if (rarest >= 0) begin(row, now, rarest);
}

function begin(row: DetectionRow, now: Magnitudes, rarest: number): void {
  const { f32, at32, u16, at16 } = row;
  const mean = f32[at32 + f32At.away16]!;
  const running = rarest === magnitude.deviation4 || rarest === magnitude.deviation16;
  // The running mean has taken the alarm's own deviation already, unless that was beyond belief.
  const before = running ? 0 : now.beyond ? mean : mean - (now.away - mean) / 15;
  f32[at32 + f32At.before] = before;
  f32[at32 + f32At.size] =
    rarest === magnitude.error16 ? f32[at32 + f32At.error16]! : running ? mean : now.away - before;
  for (const at of [u16At.near, u16At.side, u16At.turns, u16At.outside]) u16[at16 + at] = 0;
  const flat = u16[at16 + u16At.equal]! + 1 >= flatAfter && now.change === 0;
  if (flat || rarest === magnitude.calm) {
    settle(row, flat ? "flatline" : "variance down");
    return;
  }
  u16[at16 + u16At.kind] = 1 + kinds.indexOf(suggested[rarest]!);
  u16[at16 + u16At.age] = 1;
  count(row, now);
}

function follow(row: DetectionRow, now: Magnitudes): void {
  const { f32, at32, u16, at16 } = row;
  const age = ++u16[at16 + u16At.age]!;
  count(row, now);
  if (now.change === 0 && u16[at16 + u16At.equal]! + 1 >= 2 * flatAfter) {
    settle(row, "flatline");
    return;
  }
  const before = f32[at32 + f32At.before]!;
  const turns = u16[at16 + u16At.turns]!;
  if (age === soon) {
    f32[at32 + f32At.early] = f32[at32 + f32At.away4]! - before;
    if (turns >= turnsSoon) settle(row, "variance up");
    else if (u16[at16 + u16At.near]! > soon / 2) settle(row, "spike");
  } else if (age === late) {
    const ratio = (f32[at32 + f32At.away16]! - before) / f32[at32 + f32At.early]!;
    settle(row, turns >= turnsLate ? "variance up" : lasting(ratio, u16[at16 + u16At.outside]! / (late / 2)));
  }
}

/** The kind of a deviation that lasted: `ratio` is what it is late to what it was soon, `outside` the share of its values that no hour has. */
function lasting(ratio: number, outside: number): Kind {
  // What grows within the range of the day's hours is the day come at other hours.
  if (outside > 0 && (ratio > steepRatio || (ratio > trendRatio && outside > outsideShare)))
    return "trend break";
  if (outside > outsideShare) return ratio > shiftRatio ? "level shift" : "pattern break";
  return ratio >= constantRatio[0] && ratio <= constantRatio[1] ? "level shift" : "pattern break";
}

function settle({ u16, at16 }: DetectionRow, kind: Kind): void {
  u16[at16 + u16At.kind] = 1 + kinds.indexOf(kind);
  u16[at16 + u16At.age] = 0;
}

/** Counts on which side of the usual the value is, and whether it is one of any hour. */
function count(row: DetectionRow, now: Magnitudes): void {
  const { f64, at64, f32, at32, u16, at16 } = row;
  const size = Math.abs(f32[at32 + f32At.size]!);
  const deviation = now.away - f32[at32 + f32At.before]!;
  if (Math.abs(deviation) < size / 2) u16[at16 + u16At.near]!++;
  else {
    const side = deviation > 0 ? 1 : 2;
    if (u16[at16 + u16At.side] === 3 - side) u16[at16 + u16At.turns]!++;
    u16[at16 + u16At.side] = side;
  }
  if (u16[at16 + u16At.age]! <= late / 2) return;
  let [least, greatest] = [Infinity, -Infinity];
  for (let hour = 0; hour < hours; hour++) {
    if (u16[at16 + u16At.hourWeight + hour] === 0) continue;
    const mean = f32[at32 + f32At.hourMean + hour]!;
    if (mean < least) least = mean;
    if (mean > greatest) greatest = mean;
  }
  const value = now.value - f64[at64 + f64At.origin]!;
  if (value < least - 2 * now.spread || value > greatest + 2 * now.spread) u16[at16 + u16At.outside]!++;
}
