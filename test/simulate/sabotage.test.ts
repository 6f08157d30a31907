/** The simulator is worth its time only if it finds defects: these are put in on purpose, and have to be found. */
import { delay, endWith, map, pairwise, pipe, type OperatorFunction } from "rxjs";
import { expect, test } from "vitest";
import type { Reading } from "../../src/pipeline/decode/decode.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../src/forecast/settings.js";
import type { Assignment, Commit, Committer, RoutedRecord, StateChange } from "../../src/pipeline/ports.js";
import { isSnapshot, writeState } from "../../src/pipeline/state/state-records.js";
import type { TransactionalLog } from "./log.js";
import { replayCommand, simulate, SimulationFailed, type Sabotage } from "./simulate.js";

const mostSeeds = 200;

/** The first seed whose simulation fails. */
async function firstFinding(sabotage: Sabotage): Promise<number | undefined> {
  for (let seed = 1; seed <= mostSeeds; seed++) {
    try {
      await simulate(seed, sabotage);
    } catch (error) {
      if (!(error instanceof SimulationFailed)) throw error;
      expect(error.message).toContain(replayCommand(seed));
      return seed;
    }
  }
  return undefined;
}

/** A committer that changes each commit before it is made. */
function altered(inner: Committer, alter: (commit: Commit, partition: number) => Commit): Committer {
  return {
    commit: (assignment, commit) => inner.commit(assignment, alter(commit, assignment.partition)),
  };
}

/** An assignment with some of its parts replaced. */
function changed(inner: Assignment, parts: Partial<Assignment>): Assignment {
  return {
    topic: inner.topic,
    partition: inner.partition,
    revoked: inner.revoked,
    takeOver: () => inner.takeOver(),
    read: (from, stop) => inner.read(from, stop),
    readFeedback: (from, stop) => inner.readFeedback!(from, stop),
    release: () => inner.release(),
    ...parts,
  };
}

const emitOutside = (inner: Committer, log: TransactionalLog): Committer =>
  altered(inner, (commit, partition) => {
    log.leak(partition, commit.forecasts);
    return { ...commit, forecasts: [] };
  });

const skipReplay = (inner: Assignment): Assignment => {
  let committed: number | undefined;
  return changed(inner, {
    takeOver: async () => {
      const takeover = await inner.takeOver();
      committed = takeover.committed;
      return takeover;
    },
    read: (from, stop) => inner.read(Math.max(from, committed ?? from), stop),
  });
};

/** Forgets keys that an earlier snapshot holds: that a new one is missing the snapshot tells by itself. */
const forgetKey = (inner: Committer): Committer => {
  const written = new Set<string>();
  return altered(inner, (commit, partition) => {
    const { snapshot } = commit;
    if (snapshot === undefined) return commit;
    const nameOf = (key: string): string => `${partition}/${key}`;
    const forgotten = snapshot.records.find(({ key }) => key.startsWith("key:") && written.has(nameOf(key)));
    for (const { key } of snapshot.records) written.add(nameOf(key));
    const records = snapshot.records.filter((record) => record !== forgotten);
    return { ...commit, snapshot: { ...snapshot, records } };
  });
};

/** Leaves open windows out of snapshots: they are those of a forecaster that has seen nothing. */
const forgetWindows: Sabotage = {
  committer: (inner, _, { forecaster: options = {} }) =>
    altered(inner, (commit) => {
      const { snapshot } = commit;
      // Between snapshots only feedback is written.
      if (snapshot === undefined || options.aggregate === undefined || !isSnapshot(snapshot)) return commit;
      const forecaster = new Forecaster(forecasterSettings(options));
      const isWindows = ({ key }: StateChange): boolean => key.startsWith("windows:");
      const empty = writeState(snapshot.offset, forecaster).records.filter(isWindows);
      forecaster.dispose();
      const ended = snapshot.records
        .filter((change) => isWindows(change) && !empty.some(({ key }) => key === change.key))
        .map(({ key }) => ({ key, value: null }));
      const records = [...snapshot.records.filter((change) => !isWindows(change)), ...empty, ...ended];
      return { ...commit, snapshot: { ...snapshot, records } };
    }),
};

/** A sabotage of every assignment; commits are made on the assignment itself, which is remembered here. */
function ofAssignments(change: (inner: Assignment) => Assignment): Sabotage {
  const originals = new WeakMap<Assignment, Assignment>();
  return {
    source: (source) => ({
      assignments: source.assignments.pipe(
        map((inner) => {
          const outer = change(inner);
          originals.set(outer, inner);
          return outer;
        }),
      ),
    }),
    committer: (inner) => ({
      commit: (assignment, commit) => inner.commit(originals.get(assignment)!, commit),
    }),
  };
}

/** A sabotage of the operator after the forecast, in the scenarios that have one. */
const behindAfter = (late: OperatorFunction<RoutedRecord, RoutedRecord>): Sabotage => ({
  operators: ({ after, ...others }) => ({ ...others, ...(after && { after: pipe(after, late) }) }),
});

/** Emits each value with the next one: neither a timer nor a promise shows that one is missing. */
const oneBehind: OperatorFunction<RoutedRecord, RoutedRecord> = pipe(
  endWith(undefined),
  pairwise(),
  map(([before]) => before!),
);

/** Leaves out a reading that it is asked for again. */
const forgetOnReplay: Sabotage = {
  operators: ({ beforeBatch, ...others }) => {
    const seen = new Set<string>();
    const isNew = ({ key, record }: Reading): boolean => {
      const name = `${key} ${record.offset} ${record.timestamp}`;
      const fresh = !seen.has(name);
      seen.add(name);
      return fresh;
    };
    if (beforeBatch === undefined) return others;
    return {
      ...others,
      beforeBatch: async (readings, context) => (await beforeBatch(readings, context)).filter(isNew),
    };
  },
};

/** Leaves out the record of what was applied. */
const forgetFeedback = (inner: Committer): Committer =>
  altered(inner, (commit) => {
    const { snapshot } = commit;
    if (snapshot === undefined) return commit;
    const records = snapshot.records.filter(({ key }) => key !== "feedback");
    return { ...commit, snapshot: { ...snapshot, records } };
  });

/** Begins to read feedback anew at each takeover. */
const feedbackAnew = (inner: Assignment): Assignment =>
  changed(inner, {
    takeOver: async () => {
      const { state, ...takeover } = await inner.takeOver();
      return { ...takeover, state: state.filter(({ key }) => key !== "feedback") };
    },
  });

/** Leaves out incidents of commits, or writes them twice. */
const ofIncidents =
  (alter: (incidents: Commit["incidents"]) => Commit["incidents"]) =>
  (inner: Committer): Committer =>
    altered(inner, (commit) => ({ ...commit, incidents: alter(commit.incidents) }));

/** Leaves the candidate's records out of snapshots: a start begins it anew where the live model goes on. */
const forgetCandidate = (inner: Committer): Committer =>
  altered(inner, (commit) => {
    const { snapshot } = commit;
    if (snapshot === undefined) return commit;
    const records = snapshot.records.filter(({ key }) => !key.startsWith("candidate:"));
    return { ...commit, snapshot: { ...snapshot, records } };
  });

const hasRoles = ({ snapshot }: Commit): boolean =>
  snapshot?.records.some(({ key }) => key === "roles") === true;

/** Leaves the roles out of the first snapshot with a promotion: a start takes the former live model. */
const forgetPromotion = (inner: Committer): Committer =>
  altered(inner, (commit) => {
    const { snapshot } = commit;
    if (snapshot === undefined || snapshot.offset === 0 || !hasRoles(commit)) return commit;
    const records = snapshot.records.filter(({ key }) => key !== "roles");
    return { ...commit, snapshot: { ...snapshot, records } };
  });

const defects: readonly (readonly [string, Sabotage])[] = [
  ["a forecast emitted outside the transaction", { committer: emitOutside }],
  ["a replay that is skipped", ofAssignments(skipReplay)],
  ["a changed key that its snapshot forgets", { committer: forgetKey }],
  ["open windows that a snapshot leaves out", forgetWindows],
  ["an incident that is lost", { committer: ofIncidents((incidents) => incidents.slice(1)) }],
  ["an incident that is told twice", { committer: ofIncidents((incidents) => [...incidents, ...incidents]) }],
  ["a candidate that snapshots forget", { committer: forgetCandidate }],
  ["a promotion that its snapshot forgets", { committer: forgetPromotion }],
  [
    "a forecast of the candidate that is lost",
    {
      committer: (inner) =>
        altered(inner, (commit) => ({ ...commit, candidates: commit.candidates?.slice(1) })),
    },
  ],
  [
    "a change of the candidate's incidents that is lost",
    {
      committer: (inner) =>
        altered(inner, (commit) => ({ ...commit, candidateIncidents: commit.candidateIncidents?.slice(1) })),
    },
  ],
  ["feedback on incidents that is applied and not noted", { committer: forgetFeedback }],
  ["feedback that a takeover does not know of", ofAssignments(feedbackAnew)],
  ["an operator that emits later than its event", behindAfter(delay(0))],
  ["an operator that emits with the event behind its own", behindAfter(oneBehind)],
  ["a hook that answers a replay otherwise", forgetOnReplay],
];

test.each(defects)(`%s is found within ${mostSeeds} seeds`, async (name, sabotage) => {
  const seed = await firstFinding(sabotage);
  expect(seed, `${name} went unnoticed`).toBeDefined();
  console.info(`${name}: found by seed ${seed!}`);
});

test("the wrappers themselves break nothing", async () => {
  const harmless: Sabotage = {
    ...ofAssignments((inner) => changed(inner, {})),
  };
  for (let seed = 1; seed <= 20; seed++) await simulate(seed, harmless);
  for (let seed = 1; seed <= 20; seed++) {
    await simulate(seed, { committer: (inner) => altered(inner, (commit) => commit) });
  }
}, 600_000);
