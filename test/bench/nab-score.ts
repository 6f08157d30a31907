/**
 * The score of the Numenta Anomaly Benchmark (Lavin and Ahmad, Evaluating Real-time Anomaly Detection Algorithms, 2015):
 * early detections inside a labelled window earn most, false alarms cost more the further they lie behind a window.
 */

/** Costs of one application profile, as in the benchmark's `config/profiles.json`. */
export interface Profile {
  readonly name: string;
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
}

export const profiles: readonly Profile[] = [
  { name: "standard", truePositive: 1, falsePositive: 0.11, falseNegative: 1 },
  { name: "reward_low_fp", truePositive: 1, falsePositive: 0.22, falseNegative: 1 },
  { name: "reward_low_fn", truePositive: 1, falsePositive: 0.11, falseNegative: 2 },
];

/** First and last row of a labelled window. */
export type Window = readonly [first: number, last: number];

/** What was found in one file, after the rows of its probation. */
export interface Detections {
  readonly rows: number;
  readonly windows: readonly Window[];
  /** Rows whose anomaly score exceeds the threshold, ascending. */
  readonly alarms: readonly number[];
}

/** Rows at the start of a file that count neither way: 15 %, at most 750. */
export function probation(rows: number): number {
  return Math.min(Math.floor(0.15 * rows), 750);
}

/** Rises from -1 far behind a window's last row to about 1 at its first; `position` is -1 there and 0 at the last. */
export function sigmoid(position: number): number {
  return position >= 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

/** The raw score of one file: for each window its earliest alarm or the cost of having missed it, and all false alarms. */
export function rawScore({ rows, windows, alarms }: Detections, profile: Profile): number {
  const counted = alarms.filter((row) => row >= probation(rows));
  const missed = -profile.falseNegative;
  const found = scoredWindows({ rows, windows }).map(([first, last]) => {
    const earliest = counted.find((row) => row >= first && row <= last);
    if (earliest === undefined) return missed;
    const position = -(last - earliest + 1) / (last - first + 1);
    return (profile.truePositive * sigmoid(position)) / sigmoid(-1);
  });
  const falseAlarms = falseAlarmsOf({ rows, windows, alarms }).map((row) => {
    const before = windows.findLast(([, last]) => last < row);
    if (before === undefined) return -profile.falsePositive;
    const [first, last] = before;
    return profile.falsePositive * sigmoid((row - last) / (last - first));
  });
  return [...found, ...falseAlarms].reduce((sum, part) => sum + part, 0);
}

/** 100 is every window found at its first row without a false alarm, 0 is a detector that never alarms. */
export function normalisedScore(files: readonly Detections[], profile: Profile): number {
  const raw = files.reduce((sum, file) => sum + rawScore(file, profile), 0);
  const windows = files.reduce((sum, file) => sum + scoredWindows(file).length, 0);
  const silent = -profile.falseNegative * windows;
  return (100 * (raw - silent)) / (profile.truePositive * windows - silent);
}

/** Windows that have a row after the probation. */
export function scoredWindows({ rows, windows }: Omit<Detections, "alarms">): readonly Window[] {
  return windows.filter(([, last]) => last >= probation(rows));
}

/** Alarms after the probation and outside every window. */
export function falseAlarmsOf({ rows, windows, alarms }: Detections): readonly number[] {
  return alarms.filter(
    (row) => row >= probation(rows) && !windows.some(([first, last]) => row >= first && row <= last),
  );
}
