/** One seeded simulation: faults at any await, and the uninterrupted run that its output must equal to the byte. */
import { UndercurrentError } from "../../src/errors/errors.js";
import type { Committer, Source } from "../../src/pipeline/ports.js";
import type { Operators } from "../../src/pipeline/operator.js";
import { run, type RunOptions } from "../../src/pipeline/run.js";
import { readState } from "../../src/pipeline/state/state-records.js";
import { Group, type Environment, type Member } from "./group.js";
import { TransactionalLog, type CommitOutcome } from "./log.js";
import { firstDifference, uninterrupted, wrongFeedback, wrongPromotion } from "./oracle.js";
import { makeScenario, type Scenario } from "./scenario.js";
import { Crashed, Scheduler, settle } from "./scheduler.js";

/** Ports that are broken on purpose. */
export interface Sabotage {
  source?(source: Source): Source;
  committer?(committer: Committer, log: TransactionalLog, options: RunOptions): Committer;
  /** Runs in place of the forecasts, also uninterrupted. */
  readonly pipeline?: typeof run;
  /** Steps around the forecast that are broken; the uninterrupted run has those of the scenario. */
  operators?(operators: Operators): Operators;
}

/** A simulation whose output was not that of the uninterrupted run, or that did not come to an end. */
export class SimulationFailed extends Error {
  override readonly name = "SimulationFailed";

  constructor(seed: number, what: string, trace: readonly string[], cause?: unknown) {
    const last = process.env["SEED"] === undefined ? trace.slice(-20) : trace;
    super(`seed ${seed}: ${what}\n  replay: ${replayCommand(seed)}\n  ${last.join("\n  ")}`, { cause });
  }
}

/** What shows a seed again, with all that happened. */
export function replayCommand(seed: number): string {
  return `SEED=${seed} npx vitest run test/simulate/seeds.test.ts`;
}

/** Counts of what happened, so that a test can tell that the faults it means to cover did happen. */
export interface Happenings {
  steps: number;
  crashes: number;
  pauses: number;
  rebalances: number;
  stops: number;
  abandonments: number;
  /** Times that input was lost which no recovery may need any more. */
  retentions: number;
  uncertain: number;
  /** Commits of zombies that were refused. */
  fenced: number;
  /** Hooks whose time was over: their pipelines ended. */
  timeouts: number;
  /** Records that were replayed after takeovers. */
  replayed: number;
  /** Feedback that commits have applied. */
  feedback: number;
  /** Promotions that commits have applied. */
  promotions: number;
}

const mostSteps = 50_000;

interface Instance {
  readonly member: Member;
  readonly stop: AbortController;
  abandon: () => void;
  done: boolean;
}

class Simulation {
  readonly happened: Happenings = {
    steps: 0,
    crashes: 0,
    pauses: 0,
    rebalances: 0,
    stops: 0,
    abandonments: 0,
    retentions: 0,
    uncertain: 0,
    fenced: 0,
    timeouts: 0,
    replayed: 0,
    feedback: 0,
    promotions: 0,
  };
  readonly scheduler: Scheduler;
  readonly log: TransactionalLog;
  readonly #seed: number;
  readonly #scenario: Scenario;
  readonly #group: Group;
  readonly #sabotage: Sabotage;
  readonly #instances: Instance[] = [];
  /** Members that the group has not yet noticed the end of. */
  readonly #silent: Member[] = [];
  #faults: number;
  #fed = 0;
  #failure: unknown;
  #names = 0;

  constructor(seed: number, sabotage: Sabotage) {
    this.#seed = seed;
    this.#sabotage = sabotage;
    this.scheduler = new Scheduler(seed);
    this.#scenario = makeScenario(this.scheduler.random);
    this.log = new TransactionalLog(
      this.#scenario.partitions,
      this.#scenario.topics,
      () => this.happened.fenced++,
    );
    this.#group = new Group(this.log, this.#environment());
    this.#faults = 3 + this.scheduler.below(12);
  }

  async run(): Promise<void> {
    const { scheduler } = this;
    const { feed } = this.#scenario;
    const instances = 1 + scheduler.below(3);
    for (let i = 0; i < instances; i++) this.#start();
    for (; this.happened.steps < mostSteps; this.happened.steps++) {
      if (this.#failure !== undefined) this.#fail("a pipeline ended with an error", this.#failure);
      if (this.#fed < feed.length && scheduler.random() < 0.3) {
        for (let burst = 1 + scheduler.below(12); burst > 0 && this.#fed < feed.length; burst--) {
          feed[this.#fed++]!(this.log);
        }
      }
      if (scheduler.random() < 0.08) this.#disturb();
      const moved = await scheduler.advance();
      if (!moved && this.#faults === 0) this.#heal();
      if (this.#fed === feed.length && this.#faults === 0 && this.#caughtUp()) {
        await this.#finish();
        return;
      }
    }
    this.#fail("no end after the faults were over");
  }

  async #finish(): Promise<void> {
    this.#heal();
    const running = this.#instances.filter(({ done }) => !done);
    for (const { stop } of running) stop.abort();
    for (let left = mostSteps; running.some(({ done }) => !done); left--) {
      if (!(await this.scheduler.advance()) && running.some(({ done }) => !done)) {
        await settle();
        if (running.some(({ done }) => !done)) this.#heal();
      }
      if (left === 0) this.#fail("no end after a graceful stop");
    }
    if (this.#failure !== undefined) this.#fail("a pipeline ended with an error", this.#failure);
    const applied = {
      applied: (partition: number) => this.log.applied(partition),
      promotions: (partition: number) => this.log.promotions(partition),
    };
    const expected = await uninterrupted(this.#scenario, applied, this.#sabotage.pipeline);
    for (let partition = 0; partition < this.log.partitions; partition++) {
      const difference = firstDifference(this.log.visible(partition), expected.visible(partition));
      if (difference !== undefined) this.#fail(`partition ${partition}: ${difference}`);
      const said = this.log.feedback(partition);
      const [feedback, promotions] = [this.log.applied(partition), this.log.promotions(partition)];
      const wrong = wrongFeedback(said, feedback) ?? wrongPromotion(said, promotions, this.#scenario.options);
      if (wrong !== undefined) this.#fail(`partition ${partition}: ${wrong}`);
      this.happened.feedback += feedback.length;
      this.happened.promotions += promotions.length;
    }
  }

  #caughtUp(): boolean {
    for (let partition = 0; partition < this.log.partitions; partition++) {
      // Trailing control records are committed with the next snapshot or record.
      const last = this.log.input(partition).at(-1);
      if (last !== undefined && (this.log.committed(partition) ?? -1) <= last.offset) return false;
    }
    return true;
  }

  #start(): void {
    const name = `m${this.#names++}`;
    const member = this.#group.join(name);
    const stop = new AbortController();
    const source = this.#sabotage.source?.(member.source) ?? member.source;
    const { options } = this.#scenario;
    const committer = this.#sabotage.committer?.(member.committer, this.log, options) ?? member.committer;
    const running = (this.#sabotage.pipeline ?? run)(source, committer, {
      ...options,
      ...this.#waiting(name, this.#sabotage.operators?.(options) ?? options),
      clock: this.scheduler.clockOf(name),
      stop: stop.signal,
    });
    const instance: Instance = { member, stop, abandon: () => undefined, done: false };
    this.#instances.push(instance);
    const end = (): void => {
      instance.done = true;
    };
    const subscription = running.subscribe({
      next: (event) => {
        const state = event.type === "committed" && event.snapshot !== undefined ? " with a snapshot" : "";
        this.scheduler.note(`${name}/${this.log.indexOf(event)} ${event.type}${state}`);
        if (event.type === "live") this.happened.replayed += event.replayed;
      },
      complete: end,
      error: (error: unknown) => {
        end();
        if (isTimeout(error)) {
          this.happened.timeouts++;
          this.#start();
        } else if (!(error instanceof Crashed)) this.#failure ??= error;
      },
    });
    instance.abandon = () => {
      subscription.unsubscribe();
      end();
    };
  }

  /** Hooks that answer when the scheduler lets them. */
  #waiting(name: string, { beforeBatch, before, after, afterBatch }: Operators): Operators {
    const { scheduler } = this;
    return {
      ...(before && { before }),
      ...(after && { after }),
      ...(beforeBatch && {
        beforeBatch: async (readings, context) => {
          await scheduler.step(name, "waits for beforeBatch");
          return beforeBatch(readings, context);
        },
      }),
      ...(afterBatch && {
        afterBatch: async (forecasts, context) => {
          await scheduler.step(name, "waits for afterBatch");
          return afterBatch(forecasts, context);
        },
      }),
    };
  }

  /** One fault, or the end of one. */
  #disturb(): void {
    const { scheduler, happened } = this;
    if (this.#silent.length > 0 && scheduler.random() < 0.5) {
      this.#notice();
      return;
    }
    if (this.#faults === 0) return;
    this.#faults--;
    const alive = this.#instances.filter(({ done, member }) => !done && !this.#silent.includes(member));
    const chosen = alive[scheduler.below(alive.length)];
    const kind = scheduler.below(8);
    if (chosen === undefined || kind === 0) {
      this.#start();
    } else if (kind === 1 || kind === 2) {
      happened.crashes++;
      scheduler.crash(chosen.member.name);
      chosen.abandon();
      this.#silent.push(chosen.member);
      this.#start();
    } else if (kind === 3) {
      // The group gives up on it, and it goes on without knowing.
      happened.pauses++;
      scheduler.pause(chosen.member.name);
      this.#silent.push(chosen.member);
      if (alive.length === 1) this.#start();
    } else if (kind === 4) {
      happened.rebalances++;
      this.#group.rebalance(scheduler.random() < 0.5);
    } else if (kind === 5) {
      happened.stops++;
      chosen.stop.abort();
      this.#start();
    } else if (kind === 6) {
      happened.abandonments++;
      chosen.abandon();
      this.#start();
    } else {
      happened.retentions++;
      this.#retain();
    }
  }

  /** The input's retention catches up with the states. */
  #retain(): void {
    for (let partition = 0; partition < this.log.partitions; partition++) {
      const state = [...this.log.state(partition)].map(([key, value]) => ({ key, value }));
      if (state.length > 0) this.log.retain(partition, readState(state).offset);
    }
    this.scheduler.note("input before the states is lost");
  }

  /** The group's session with a silent member times out; a paused one wakes up some time before or after. */
  #notice(): void {
    const [member] = this.#silent.splice(this.scheduler.below(this.#silent.length), 1);
    const early = this.scheduler.random() < 0.3;
    if (early) this.scheduler.resume(member!.name);
    this.#group.leave(member!);
    if (!early) this.scheduler.resume(member!.name);
    // One that is still there comes back.
    const back = this.#instances.find((instance) => instance.member === member && !instance.done);
    if (back !== undefined && !back.stop.signal.aborted) this.#group.enter(member!);
  }

  #heal(): void {
    while (this.#silent.length > 0) this.#notice();
    if (this.#instances.every(({ done }) => done)) this.#start();
  }

  #environment(): Environment {
    const { scheduler, happened } = this;
    const faulty: readonly CommitOutcome[] = ["landed-unheard", "lost", "in-doubt"];
    return {
      step: (member, what) => scheduler.step(member, what),
      batchSize: () => scheduler.below(16),
      commitOutcome: () => {
        if (this.#faults === 0 || scheduler.random() >= 0.1) return "landed";
        this.#faults--;
        happened.uncertain++;
        return faulty[scheduler.below(3)]!;
      },
      lands: () => scheduler.random() < 0.5,
    };
  }

  #fail(what: string, cause?: unknown): never {
    const text = cause === undefined ? what : `${what}: ${describe(cause)}`;
    throw new SimulationFailed(this.#seed, text, this.scheduler.trace, cause);
  }
}

/** Runs the simulation of a seed; throws SimulationFailed. */
export async function simulate(seed: number, sabotage: Sabotage = {}): Promise<Happenings> {
  const simulation = new Simulation(seed, sabotage);
  await simulation.run();
  return simulation.happened;
}

/** The clock makes up what passes while a hook waits. */
function isTimeout(error: unknown): boolean {
  return error instanceof UndercurrentError && error.code === "OPERATOR_TIMEOUT";
}

function describe(error: unknown): string {
  if (error instanceof UndercurrentError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
