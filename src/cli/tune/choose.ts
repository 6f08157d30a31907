/**
 * Chooses among settings by what they found on some folds, and counts on the others what the choice would have told.
 *
 * - Without labels: the forecaster with the best skill; then the first gates, and the largest alarm rate with them, with
 *   which at most the stated number of incidents a day is told.
 * - With labels: the best F1 score. An incident is right if it is opened, or has its peak, in a window of its key. A
 *   window counts once, as Hundman et al. count (Detecting Spacecraft Anomalies Using LSTMs and Nonparametric Dynamic
 *   Thresholding, 2018): incidents beside all windows are false, windows without an incident are missed.
 * - Of settings that are not clearly worse than the best, the plainest: within one standard error (Breiman et al.,
 *   Classification and Regression Trees, 1984, section 3.4.3).
 */
import { jackknifeError, poissonInterval, studentInterval, widest, type Interval } from "./certainty.js";

/** What one choice of settings found in one fold. */
export interface FoldCounts {
  /** Incidents that were told: opened, and not muted. */
  readonly told: number;
  readonly right: number;
  readonly wrong: number;
  readonly missed: number;
  /** Share of the keys' time in incidents. */
  readonly open: number;
}

/** One choice of settings. */
export interface Choice {
  /** Index of the forecaster: its cell and read-out. */
  readonly forecaster: number;
  /** Index of the gates. */
  readonly gates: number;
  readonly alarmRate: number;
  readonly recurring: boolean;
  readonly counts: readonly FoldCounts[];
}

export interface Goal {
  /** Most incidents a day; Infinity without such a wish. */
  readonly incidentsPerDay: number;
  readonly labelled: boolean;
}

export interface Trial {
  readonly goal: Goal;
  readonly choices: readonly Choice[];
  /** Days of each fold. */
  readonly days: readonly number[];
  /** Skill of each forecaster in each fold; not finite where persistence makes no error. */
  readonly skills: readonly (readonly number[])[];
}

/** What choices made on the other folds told in each fold. */
export interface HeldOut {
  readonly told: number;
  readonly perDay: number;
  readonly perDayInterval: Interval;
  /** Undefined without labels. */
  readonly f1: number | undefined;
  readonly f1Interval: Interval | undefined;
}

/** Share of the time in incidents above which incidents merge: a smaller number of them is no success. */
const mostOpen = 0.2;

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

export function perDay(
  { counts }: Pick<Choice, "counts">,
  days: readonly number[],
  folds: readonly number[],
): number {
  return sumOf(folds.map((fold) => counts[fold]!.told)) / sumOf(folds.map((fold) => days[fold]!));
}

/** Returns the F1 score on these folds; 0 without a right incident. */
export function f1({ counts }: Pick<Choice, "counts">, folds: readonly number[]): number {
  const [right, wrong, missed] = (["right", "wrong", "missed"] as const).map((name) =>
    sumOf(folds.map((fold) => counts[fold]![name])),
  ) as [number, number, number];
  return right === 0 ? 0 : (2 * right) / (2 * right + wrong + missed);
}

function isMerged({ counts }: Choice, folds: readonly number[]): boolean {
  return sumOf(folds.map((fold) => counts[fold]!.open)) / folds.length > mostOpen;
}

/**
 * Returns the forecasters from the preferred one on: those that are not clearly worse than the best, in their order. A fold in
 * which values repeat without a change has no skill, and says nothing.
 */
export function rankForecasters(skills: Trial["skills"], allFolds: readonly number[]): readonly number[] {
  const folds = allFolds.filter((fold) => skills.every((skill) => Number.isFinite(skill[fold])));
  if (folds.length === 0) return skills.map((_, forecaster) => forecaster);
  const means = skills.map((skill) => sumOf(folds.map((fold) => skill[fold]!)) / folds.length);
  const best = means.indexOf(Math.max(...means));
  const isClose = (forecaster: number): boolean => {
    const behind = (chosen: readonly number[]): number =>
      sumOf(chosen.map((fold) => skills[best]![fold]! - skills[forecaster]![fold]!)) / chosen.length;
    return behind(folds) <= jackknifeError(folds, behind);
  };
  const order = skills.map((_, forecaster) => forecaster);
  const close = new Set(order.filter((forecaster) => forecaster === best || isClose(forecaster)));
  const others = order.filter((forecaster) => !close.has(forecaster));
  return [...close, ...others.sort((a, b) => means[b]! - means[a]!)];
}

/**
 * Returns the choices that tell no more incidents than stated, of each series of rising alarm rates only those below the
 * first that tells more, or merges incidents.
 */
function admitted({ choices, days, goal }: Trial, folds: readonly number[]): readonly Choice[] {
  const ended = new Set<string>();
  return [...choices]
    .sort((a, b) => a.alarmRate - b.alarmRate)
    .filter((choice) => {
      const series = `${choice.forecaster} ${choice.gates} ${choice.recurring}`;
      if (perDay(choice, days, folds) > goal.incidentsPerDay || isMerged(choice, folds)) ended.add(series);
      return !ended.has(series);
    });
}

/** Returns the recommended choice on these folds, and whether it reaches the goal. */
export function choose(
  trial: Trial,
  folds: readonly number[],
): { readonly choice: Choice; readonly met: boolean } {
  const rank = rankForecasters(trial.skills, folds);
  const plainness = (choice: Choice): number[] => [
    choice.gates,
    Number(choice.recurring),
    rank.indexOf(choice.forecaster),
  ];
  const possible = admitted(trial, folds);
  if (possible.length === 0) {
    const quietest = [...trial.choices].sort(
      (a, b) =>
        perDay(a, trial.days, folds) - perDay(b, trial.days, folds) ||
        a.alarmRate - b.alarmRate ||
        compare(plainness(a), plainness(b)),
    );
    return { choice: quietest.find((choice) => !isMerged(choice, folds)) ?? quietest[0]!, met: false };
  }
  if (!trial.goal.labelled) {
    const key = (choice: Choice): number[] => [
      rank.indexOf(choice.forecaster),
      ...plainness(choice),
      -choice.alarmRate,
    ];
    return { choice: [...possible].sort((a, b) => compare(key(a), key(b)))[0]!, met: true };
  }
  const scored = possible.map((choice) => ({ choice, score: f1(choice, folds) }));
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
  const least = best.score - jackknifeError(folds, (some) => f1(best.choice, some));
  const near = scored.filter(({ score }) => score >= least);
  const key = ({ choice, score }: (typeof scored)[number]): number[] => [
    ...plainness(choice),
    -score,
    choice.alarmRate,
  ];
  return { choice: near.sort((a, b) => compare(key(a), key(b)))[0]!.choice, met: true };
}

/** Returns the best choice with these gates and forecaster; undefined where none reaches the goal. */
export function bestOf(trial: Trial, folds: readonly number[], like: Partial<Choice>): Choice | undefined {
  const choices = trial.choices.filter((choice) =>
    Object.entries(like).every(([name, value]) => choice[name as keyof Choice] === value),
  );
  if (choices.length === 0) return undefined;
  const { choice, met } = choose({ ...trial, choices }, folds);
  return met ? choice : undefined;
}

/** Chooses without each fold in turn, and counts what the choice tells in it. */
export function crossValidate(trial: Trial): HeldOut {
  const { days, goal } = trial;
  const folds = days.map((_, fold) => fold);
  const counts = folds.map((fold) => {
    const others = folds.filter((other) => other !== fold);
    return choose(trial, others).choice.counts[fold]!;
  });
  const realised = { counts };
  const told = sumOf(counts.map((each) => each.told));
  const total = sumOf(days);
  const rate = (some: readonly number[]): number => perDay(realised, days, some);
  const poisson = poissonInterval(told);
  const between = studentInterval(rate(folds), jackknifeError(folds, rate), folds.length);
  const { low, high } = widest(between, { low: poisson.low / total, high: poisson.high / total });
  const held = { told, perDay: rate(folds), perDayInterval: { low: Math.max(low, 0), high } };
  if (!goal.labelled) return { ...held, f1: undefined, f1Interval: undefined };
  const score = f1(realised, folds);
  const interval = studentInterval(
    score,
    jackknifeError(folds, (some) => f1(realised, some)),
    folds.length,
  );
  return {
    ...held,
    f1: score,
    f1Interval: { low: Math.max(interval.low, 0), high: Math.min(interval.high, 1) },
  };
}

/** Compares lists of numbers by their first difference. */
function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return 0;
}
