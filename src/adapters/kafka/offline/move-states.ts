/** Imports and resets states while the service is stopped, with one transaction per partition. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { ForecasterSettings } from "../../../forecast/settings.js";
import type { SnapshotBytes, SnapshotRecord } from "../../../forecast/snapshot/snapshot.js";
import type { Assignment, Commit, Takeover } from "../../../pipeline/ports.js";
import {
  importCommit,
  importOffset,
  modelCommit,
  placedState,
  promoteCommit,
  resetCommit,
  resetOffset,
  type ExportedState,
  type ResetPoint,
  type Standing,
} from "../../../pipeline/state/transfer.js";
import { splitRoles } from "../../../pipeline/state/roles.js";
import { withoutFeedback } from "../../../pipeline/state/state-records.js";
import type { KafkaOptions } from "../options.js";
import { committedPositions, partitionWatermarks } from "../admin/topics.js";
import { feedbackTopic } from "../inputs.js";
import { recreatedInput } from "../owner.js";
import { withWholeGroup, type WholeGroup } from "./whole-group.js";

/** What became of a partition. */
export interface Moved {
  readonly partition: number;
  /** The offset that was committed before; undefined for none. */
  readonly before: number | undefined;
  /** Snapshot offset, committed offset and keys; undefined if the partition stayed unchanged. */
  readonly after: { readonly state: number; readonly committed: number; readonly keys: number } | undefined;
}

/** States as they were exported, and of what. */
export interface ExportedStates {
  readonly application: string;
  readonly input: string;
  readonly partitions: number;
  readonly states: () => AsyncIterable<ExportedState>;
}

/**
 * Imports exported states. All states are read and checked against the input before the first is written. `states` is called
 * twice; one state is in memory at a time.
 *
 * With `adopt`, also takes over states of another application; of a recreated input topic, which must hold the same records
 * at the same offsets; and of another input topic, whose states are put where the partitions resume.
 *
 * @throws STATE_FILE_INVALID for another topic or number of partitions, STATE_FOREIGN for another application, TOPIC_RECREATED,
 *   STATE_GAP if the input does not reach back to a state, and what `withWholeGroup` throws.
 */
export async function importStates(
  options: KafkaOptions,
  { application, input, partitions, states }: ExportedStates,
  adopt = false,
): Promise<readonly Moved[]> {
  const otherInput = input !== options.topics.input;
  if (otherInput && !adopt) {
    throw foreign(
      `the state belongs to the input topic ${input}, expected ${options.topics.input}; pass --adopt to go on with it where the partitions of ${options.topics.input} resume`,
    );
  }
  if (application !== options.applicationId && !adopt) {
    throw new UndercurrentError(
      "STATE_FOREIGN",
      `the state belongs to application ${application}, not to ${options.applicationId}; pass --adopt to take it over`,
    );
  }
  return withWholeGroup(options, { recreatedInput: adopt }, async (group) => {
    if (partitions !== group.input.length) {
      throw foreign(`the state is one of ${partitions} partitions, and ${input} has ${group.input.length}`);
    }
    const standings = await standingsOf(group, options);
    const placed = (state: ExportedState): ExportedState => {
      // Another application may have had other topics.
      const own = application === options.applicationId ? state.records : withoutFeedback(state.records);
      const exported = { ...state, records: own, ...(otherInput && { anyOffset: true as const }) };
      return placedState(exported, standings[state.partition]!);
    };
    const topic = feedbackTopic(options.topics);
    const ends = topic === undefined ? [] : await partitionWatermarks(group.admin, topic);
    for await (const state of states()) {
      if (!adopt) refuseRecreated(options, group, state);
      importOffset(placed(state), standings[state.partition]!);
    }
    const moved: Moved[] = [];
    for await (const exported of states()) {
      const state = placed(exported);
      const standing = standings[state.partition]!;
      const committed = importOffset(state, standing);
      moved.push(
        committed === undefined
          ? { partition: standing.partition, before: standing.committed, after: undefined }
          : await move(group, standing, (found) =>
              importCommit(found, state, committed, {
                topic: options.topics.feedback,
                end: ends[standing.partition]?.high ?? 0,
              }),
            ),
      );
    }
    return moved;
  });
}

/**
 * Replaces the state of every partition, or of one, by that of a new forecaster. All partitions are checked before the first is
 * written. Committed offsets of a recreated input topic are ignored. Throws SETTING_INVALID as `resetOffset` does, and what
 * `withWholeGroup` throws.
 */
export async function resetStates(
  options: KafkaOptions,
  settings: ForecasterSettings,
  point: ResetPoint,
  only?: number,
): Promise<readonly Moved[]> {
  return withWholeGroup(options, { recreatedInput: true }, async (group) => {
    const all = await standingsOf(group, options);
    if (only !== undefined && only >= all.length) {
      throw new UndercurrentError(
        "SETTING_INVALID",
        `--partition: ${options.topics.input} has the partitions 0 to ${all.length - 1}, found ${only}`,
      );
    }
    const standings = only === undefined ? all : [all[only]!];
    // Every offset is found before the first partition is written to.
    const targets = standings.map((standing) => ({ standing, offset: resetOffset(point, standing) }));
    const moved: Moved[] = [];
    for (const { standing, offset } of targets) {
      moved.push(await move(group, standing, (found) => resetCommit(found, settings, offset)));
    }
    return moved;
  });
}

/**
 * Changes only the models in the states of these partitions, each by its function of the whole snapshot. Partitions without a
 * state stay unchanged. Throws SETTING_INVALID for a missing partition, what the functions throw, and what `withWholeGroup`
 * throws.
 */
export async function replaceModels(
  options: KafkaOptions,
  changes: ReadonlyMap<number, (snapshot: SnapshotBytes) => SnapshotRecord>,
): Promise<readonly Moved[]> {
  return withWholeGroup(options, {}, async (group) => {
    for (const partition of changes.keys()) {
      if (group.assignments.has(partition)) continue;
      throw new UndercurrentError(
        "SETTING_INVALID",
        `the folder has a model of partition ${partition}, which ${options.topics.input} does not have`,
      );
    }
    const moved: Moved[] = [];
    for (const [partition, change] of changes) {
      const assignment = group.assignments.get(partition)!;
      const found = await assignment.takeOver();
      const changed = modelCommit(found, change);
      if (changed !== undefined) await group.commit(assignment, changed.commit);
      const after = changed && {
        state: changed.commit.snapshot!.offset,
        committed: changed.commit.offset,
        keys: changed.keys,
      };
      moved.push({ partition, before: found.committed, after });
    }
    return moved;
  });
}

/**
 * Makes the model with these settings the live one in every partition, one transaction each; the other one becomes the
 * candidate. All partitions are checked before the first is written, so the call can be repeated. Throws SETTING_INVALID as
 * `promoteCommit` does, and what `withWholeGroup` throws.
 */
export async function promoteStates(
  options: KafkaOptions,
  settings: ForecasterSettings,
  isForced = false,
): Promise<readonly Moved[]> {
  return withWholeGroup(options, {}, async (group) => {
    const commits: {
      assignment: Assignment;
      before: number | undefined;
      made: ReturnType<typeof promoteCommit>;
    }[] = [];
    for (const assignment of group.assignments.values()) {
      const found = await assignment.takeOver();
      const where = `topic ${assignment.topic}, partition ${assignment.partition}`;
      commits.push({
        assignment,
        before: found.committed,
        made: promoteCommit(found, settings, { where, isForced }),
      });
    }
    const moved: Moved[] = [];
    for (const { assignment, before, made } of commits) {
      if (made !== undefined) await group.commit(assignment, made.commit);
      const after = made && {
        state: made.commit.snapshot!.offset,
        committed: made.commit.offset,
        keys: made.keys,
      };
      moved.push({ partition: assignment.partition, before, after });
    }
    return moved.sort((a, b) => a.partition - b.partition);
  });
}

async function move(
  group: WholeGroup,
  { partition, committed: before }: Standing,
  change: (found: Takeover) => Commit,
): Promise<Moved> {
  const assignment = group.assignments.get(partition)!;
  const commit = change(await assignment.takeOver());
  await group.commit(assignment, commit);
  const { offset, records } = commit.snapshot!;
  // Tombstones end the other keys of the former state.
  const left = records.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]));
  const keys = splitRoles(left).live.filter(({ key }) => key.startsWith("key:")).length;
  return { partition, before, after: { state: offset, committed: commit.offset, keys } };
}

/** In order of the partitions. An offset of a topic that is no more is none. */
async function standingsOf(
  { admin, input, inputId }: WholeGroup,
  options: KafkaOptions,
): Promise<readonly Standing[]> {
  const committed = await committedPositions(admin, options.applicationId, options.topics.input);
  return input.map(({ partition, low, high }) => {
    const position = committed.get(partition);
    const others = inputId !== undefined && position?.inputId !== undefined && position.inputId !== inputId;
    return { partition, committed: others ? undefined : position?.offset, earliest: low, end: high };
  });
}

function refuseRecreated(
  { applicationId, topics }: KafkaOptions,
  { inputId }: WholeGroup,
  state: ExportedState,
): void {
  const owner = { application: applicationId, input: topics.input, partition: state.partition, inputId };
  const refusal = recreatedInput(owner, {
    owners: [{ ...owner, inputId: state.inputId }],
    committed: undefined,
  });
  if (refusal !== undefined) throw refusal;
}

function foreign(what: string): UndercurrentError {
  return new UndercurrentError("STATE_FILE_INVALID", what);
}
