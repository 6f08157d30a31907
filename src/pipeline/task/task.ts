/** Runs a task: one assignment from takeover to release, with a new run after a rejected commit. */
import { Observable } from "rxjs";
import { UndercurrentError } from "../../errors/errors.js";
import type { HeldPartition, KeyQueries } from "../query/key-queries.js";
import { TaskRun, type TaskRunContext } from "./task-run.js";
import type { Released, TaskEvent } from "../events.js";
import type { Assignment } from "../ports.js";

/** A run of a task, which another run follows if it fails for what passes. */
export interface AnyTaskRun {
  /** Resolves when the run has ended in order. */
  run(): Promise<void>;
  /** Whether a commit of this run has landed. */
  readonly landed: boolean;
  /** Why values that an operator held back are lost. */
  readonly heldBack: Error | undefined;
}

/** What the runs of a task need of it. */
export type TaskRunOwner = ConstructorParameters<typeof TaskRun>[2];

/** What the life of a task needs, whatever its runs do. */
export interface TaskShell extends Pick<TaskContext, "stop" | "clock"> {
  readonly held?: HeldPartition | undefined;
  newRun(assignment: Assignment, owner: TaskRunOwner): AnyTaskRun;
  released?(assignment: Assignment): void;
}

/** What every task of a pipeline shares. */
export interface TaskContext extends TaskRunContext {
  /** Asks tasks to finish their batch, commit a snapshot and end. */
  readonly stop: AbortSignal;
  /** Where others ask for the state of keys. */
  readonly queries?: KeyQueries | undefined;
  /** Whether answers name topics. */
  readonly severalTopics?: boolean | undefined;
}

/** Number of runs in a row without a commit before a task gives up; each waits twice as long as the one before. */
const mostAttempts = 10;
const firstDelay = 50;
const longestDelay = 5000;

/**
 * Runs the task of an assignment for the life of a subscription. Unsubscribing abandons the task: it commits nothing further
 * and releases the partition. Errors with the first UndercurrentError that a restart cannot help, or with any error of the
 * ports.
 *
 * A revoked partition completes the task, whatever fails afterwards: the next owner resumes from the durable state. The
 * exception is an operator that held values back: their offsets may be committed, so the task errors.
 */
export function task(assignment: Assignment, context: TaskContext): Observable<TaskEvent> {
  return taskOf(assignment, () => ({
    stop: context.stop,
    clock: context.clock,
    held: context.queries?.hold(assignment, context.severalTopics),
    newRun: (_, owner) => new TaskRun(assignment, context, owner),
    released: ({ partition }) => context.keys?.release(partition),
  }));
}

/** The same for a task with runs of another kind. `shellOf` is called at the subscription. */
export function taskOf(assignment: Assignment, shellOf: () => TaskShell): Observable<TaskEvent> {
  return new Observable((subscriber) => {
    const abandoned = new AbortController();
    const emit = (event: TaskEvent): void => subscriber.next(event);
    runTask(assignment, shellOf(), abandoned.signal, emit).then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
    return () => abandoned.abort();
  });
}

async function runTask(
  assignment: Assignment,
  shell: TaskShell,
  abandoned: AbortSignal,
  emit: (event: TaskEvent) => void,
): Promise<void> {
  const { topic, partition, revoked } = assignment;
  const [losing, ending] = [new AbortController(), new AbortController()];
  const lost = losing.signal;
  const end = (): void => {
    if (revoked.aborted || abandoned.aborted) losing.abort();
    ending.abort();
  };
  const signals = [abandoned, revoked, shell.stop];
  for (const signal of signals) {
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  }
  const { held } = shell;
  let failed = false;
  const because = (): Released["because"] => {
    if (failed) return "failed";
    if (lost.aborted) return revoked.aborted ? "revoked" : "abandoned";
    return shell.stop.aborted ? "stopped" : "ended";
  };
  try {
    for (let attempts = 1; !ending.signal.aborted; attempts++) {
      const taskRun = shell.newRun(assignment, { ending: ending.signal, lost, emit, held });
      try {
        await taskRun.run();
        if (!lost.aborted) break;
      } catch (error) {
        if (!lost.aborted) {
          if (taskRun.landed) attempts = 1;
          if (!mayRestart(error) || attempts >= mostAttempts) {
            failed = true;
            throw error;
          }
          emit({ type: "restarting", topic, partition, error });
          const delay = Math.min(firstDelay * 2 ** (attempts - 1), longestDelay);
          await shell.clock.sleep(delay, ending.signal);
          continue;
        }
      }
      if (taskRun.heldBack === undefined || abandoned.aborted) break;
      failed = true;
      throw taskRun.heldBack;
    }
  } finally {
    for (const signal of signals) signal.removeEventListener("abort", end);
    shell.released?.(assignment);
    held?.release();
    await assignment.release();
    emit({ type: "released", topic, partition, because: because() });
  }
}

/** Whether a new takeover settles it. */
function mayRestart(error: unknown): error is UndercurrentError {
  return error instanceof UndercurrentError && (error.code === "FENCED" || error.code === "COMMIT_UNCERTAIN");
}
