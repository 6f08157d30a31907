/**
 * Detection of anomalies:
 * - the files of the Numenta Anomaly Benchmark that are here, scored as it scores: as shipped (`anomaly_score > 1`), with
 *   the one threshold that is best for a profile, and with the threshold that is best on the other groups of files; the
 *   same with a fifth of the values missing;
 * - false alarms on ordinary streams, by the kind of stream and the age of the key;
 * - streams that stop;
 * - faults that recur, with and without `detection.recurring`;
 * - injected faults: how many are found and named.
 */
import { detectedSeries, detectionCost, nabFiles, type ScoredFile } from "./detection/files.js";
import { injected, injectedKinds, recurring } from "./detection/injections.js";
import { noiseOf, ordinaryKinds } from "./detection/ordinary.js";
import { stops } from "./detection/stops.js";
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import { dataHere } from "../support/data.js";
import type { Figure } from "./figures.js";
import {
  falseAlarmsOf,
  normalisedScore,
  probation,
  profiles,
  scoredWindows,
  type Detections,
  type Profile,
} from "./nab-score.js";

/** Scores of published detectors on the same files, each at its best thresholds: standard, low FP, low FN. */
const published: Readonly<Record<string, string>> = {
  standard: "ARTime 73.4, Numenta HTM 70.8, CAD OSE 65.6, windowed Gaussian 24.1",
  reward_low_fp: "ARTime 63.9, Numenta HTM 65.0, CAD OSE 62.2, windowed Gaussian 6.6",
  reward_low_fn: "ARTime 78.9, Numenta HTM 74.5, CAD OSE 70.6, windowed Gaussian 31.4",
};

const seeds = [1, 2, 3];
/**
 * Series of each ordinary kind, the first of them at their whole length, the others as young keys: by a rate of .001 they may
 * have some 70 alarms as young keys, and 220 as old ones, so that chance adds a tenth.
 */
const ordinary = { series: 40, whole: 12, length: 20_000, young: 2000, scoredFrom: 300 } as const;

export function benchDetection(options: ForecasterOptions): Figure[] {
  return [
    ...nabFigures(options),
    ...rateFigures(options),
    ...recurringFigures(options),
    ...stopFigures(options),
    ...kindFigures(options),
    ...detectionCost(),
  ];
}

function figure(name: string, value: number, unit: string, peer = ""): Figure {
  return { name, value, unit, peer, ratio: NaN };
}

function nabFigures(options: ForecasterOptions): Figure[] {
  if (!dataHere) return [];
  const files = nabFiles(options);
  const missing = seeds.map((seed) => nabFiles(options, { share: 0.2, seed }));
  const groups = [...new Set(files.map((file) => file.group))];
  const found = files.map((file) => detections(file, 1));
  const misses = found.flatMap((file) => falseAlarmsOf(file));
  const windows = found.flatMap((file) =>
    scoredWindows(file).map((window) => ({ window, alarms: file.alarms })),
  );
  const hit = windows.filter(({ window: [first, last], alarms }) =>
    alarms.some((row) => row >= first && row <= last),
  );
  const rows = found.reduce((sum, file) => sum + file.rows - probation(file.rows), 0);
  return [
    ...profiles.map((profile) =>
      figure(`nab_${profile.name}`, scoreAt(files, 1, profile), "of 100", "as shipped, at 1"),
    ),
    ...profiles.map((profile) => {
      const threshold = bestThreshold(files, profile);
      const peer = `at ${threshold.toFixed(2)}; ${published[profile.name]!}`;
      return figure(`nab_${profile.name}_best`, scoreAt(files, threshold, profile), "of 100", peer);
    }),
    ...profiles.map((profile) =>
      figure(
        `nab_${profile.name}_crossed`,
        crossValidated(files, groups, profile),
        "of 100",
        "threshold of the other groups",
      ),
    ),
    ...groups
      .filter((group) => files.some((file) => file.group === group && file.windows.length > 0))
      .map((group) => {
        const own = files.filter((file) => file.group === group);
        return figure(`nab_${group}`, scoreAt(own, 1, profiles[0]!), "of 100", "standard, at 1");
      }),
    figure(
      "nab_missing",
      mean(missing.map((run) => scoreAt(run, 1, profiles[0]!))),
      "of 100",
      "20 % missing, at 1",
    ),
    figure("nab_windows", hit.length, "found", `of ${windows.length}`),
    figure("nab_false_alarms", (1000 * misses.length) / rows, "in 1,000", ""),
  ];
}

function detections({ windows, scores }: ScoredFile, threshold: number): Detections {
  const alarms = [...scores.keys()].filter((row) => scores[row]! > threshold);
  return { rows: scores.length, windows, alarms };
}

function scoreAt(files: readonly ScoredFile[], threshold: number, profile: Profile): number {
  return normalisedScore(
    files.map((file) => detections(file, threshold)),
    profile,
  );
}

/** The one threshold for all files that scores best, as the benchmark looks for it. */
function bestThreshold(files: readonly ScoredFile[], profile: Profile): number {
  const candidates = Array.from({ length: 75 }, (_, i) => 0.6 * 1.015 ** i);
  const scored = candidates.map((threshold) => ({ threshold, score: scoreAt(files, threshold, profile) }));
  return scored.reduce((best, each) => (each.score > best.score ? each : best)).threshold;
}

/** The score where each group has the threshold that is best on the others. */
function crossValidated(files: readonly ScoredFile[], groups: readonly string[], profile: Profile): number {
  const found = groups.flatMap((group) => {
    const threshold = bestThreshold(
      files.filter((file) => file.group !== group),
      profile,
    );
    return files.filter((file) => file.group === group).map((file) => detections(file, threshold));
  });
  return normalisedScore(found, profile);
}

/** Alarms on streams without faults, in alarms per alarm that the stated rate allows. */
function rateFigures(options: ForecasterOptions): Figure[] {
  const { series, whole, length, young: youngUntil, scoredFrom } = ordinary;
  const figures: Figure[] = [];
  for (const alarmRate of [0.001, 0.01]) {
    const worst = { young: ["", 0] as [string, number], old: ["", 0] as [string, number] };
    for (const [kind, make] of Object.entries(ordinaryKinds)) {
      let [young, old] = [0, 0];
      for (let seed = 1; seed <= series; seed++) {
        const process = make(noiseOf(seed));
        const times = Float64Array.from(
          { length: seed <= whole ? length : youngUntil },
          (_, t) => t * 300_000,
        );
        const values = times.map((_, t) => process(t));
        detectedSeries({ name: kind, times, values, windows: [] }, { ...options, alarmRate }).scores.forEach(
          (score, t) => {
            if (score > 1 && t >= youngUntil) old++;
            else if (score > 1 && t >= scoredFrom) young++;
          },
        );
      }
      young /= series * (youngUntil - scoredFrom) * alarmRate;
      old /= whole * (length - youngUntil) * alarmRate;
      if (young > worst.young[1]) worst.young = [kind, young];
      if (old > worst.old[1]) worst.old = [kind, old];
      const name = kind.replaceAll(" ", "_");
      figures.push(
        figure(`rate_${alarmRate}_${name}`, old, "of stated", `values 300 to 2,000: ${young.toFixed(2)}`),
      );
    }
    figures.push(figure(`rate_${alarmRate}_worst`, worst.old[1], "of stated", worst.old[0]));
    figures.push(figure(`rate_${alarmRate}_worst_young`, worst.young[1], "of stated", worst.young[0]));
  }
  return figures;
}

/** Recall of recurring faults at the shipped threshold; an alarm within 7 values of a fault has found it. */
function recurringFigures(options: ForecasterOptions): Figure[] {
  return [false, true].flatMap((on) => {
    let [found, faults, wrong, values] = [0, 0, 0, 0];
    for (let seed = 0; seed < 24; seed++) {
      const series = recurring(8000 + seed);
      const { scores } = detectedSeries(series, { ...options, detection: { enabled: true, recurring: on } });
      const hit = new Set<number>();
      for (let t = 1000; t < scores.length; t++) {
        if (!(scores[t]! > 1)) continue;
        const fault = series.windows.findIndex(([first, last]) => t >= first - 7 && t <= last + 7);
        if (fault < 0) wrong++;
        else hit.add(fault);
      }
      found += hit.size;
      faults += series.windows.length;
      values += scores.length - 1000;
    }
    const peer = `${((1000 * wrong) / values).toFixed(2)} false alarms in 1,000`;
    return [figure(on ? "recurring_on" : "recurring_off", (100 * found) / faults, "% found", peer)];
  });
}

/** Streams that stop at value 3,000: values until the alarm. */
function stopFigures(options: ForecasterOptions): Figure[] {
  const end = 3000;
  return Object.entries(stops).map(([name, { make, within }]) => {
    const waits = Array.from({ length: 20 }, (_, seed) => {
      const process = make(noiseOf(seed + 1), end);
      const times = Float64Array.from({ length: end + 400 }, (_, t) => t * 300_000);
      const values = times.map((_, t) => process(t));
      const { scores } = detectedSeries({ name, times, values, windows: [] }, options);
      const first = scores.findIndex((score, t) => t >= end && score > 1);
      return first < 0 ? Infinity : first - end;
    });
    const found = waits.filter((wait) => wait < within);
    const peer = `values on average; ${found.length} of 20 found within ${within}`;
    return figure(`stop_${name.replaceAll(" ", "_")}`, mean(found), "values", peer);
  });
}

function kindFigures(options: ForecasterOptions): Figure[] {
  return injectedKinds
    .filter((kind) => kind !== "nothing")
    .map((kind) => {
      let [found, named] = [0, 0];
      for (let seed = 0; seed < 20; seed++) {
        const { scores, kinds, windows } = detectedSeries(injected(kind, 6000 + seed), options);
        const first = scores.findIndex((score, t) => score > 1 && t >= windows[0]![0]);
        if (first < 0) continue;
        found++;
        if (kinds.find((each, t) => t >= first && each !== "") === kind) named++;
      }
      return figure(`kind_${kind.replaceAll(" ", "_")}`, named, "named", `${found} of 20 found`);
    });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
