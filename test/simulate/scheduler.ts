/** A seeded scheduler: every await of every member waits here until it is picked, at a time that it makes up. */
import { uniform } from "../../src/engine/random.js";
import type { Clock } from "../../src/pipeline/clock.js";

/** Thrown at whatever a crashed member still waits for, so that its memory is given back. */
export class Crashed extends Error {
  override readonly name = "Crashed";
}

interface Step {
  readonly member: string;
  readonly what: string;
  /** Earliest time of a sleeper's. */
  readonly due: number | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: Crashed) => void;
}

export class Scheduler {
  /** Uniform in [0, 1), the only source of chance. */
  readonly random: () => number;
  readonly trace: string[] = [];
  readonly #paused = new Set<string>();
  readonly #crashed = new Set<string>();
  #steps: Step[] = [];
  #now = 0;

  constructor(seed: number) {
    this.random = uniform(seed);
  }

  /** An integer from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  step(member: string, what: string): Promise<void> {
    return this.#wait(member, what, undefined);
  }

  clockOf(member: string): Clock {
    return {
      now: () => this.#now,
      sleep: async (milliseconds, signal) => {
        if (signal.aborted) return;
        await this.#wait(member, "sleeps", this.#now + milliseconds, signal);
      },
    };
  }

  pause(member: string): void {
    this.#paused.add(member);
    this.note(`${member} is paused`);
  }

  resume(member: string): void {
    if (this.#paused.delete(member)) this.note(`${member} goes on`);
  }

  /** Whatever the member waits for now or later fails: it has no effect any more. */
  crash(member: string): void {
    this.#crashed.add(member);
    this.#paused.delete(member);
    this.note(`${member} crashes`);
    const lost = this.#steps.filter((step) => step.member === member);
    this.#steps = this.#steps.filter((step) => step.member !== member);
    for (const step of lost) step.reject(new Crashed(member));
  }

  note(what: string): void {
    this.trace.push(what);
  }

  /** Lets one step be taken; false where nobody can. */
  async advance(): Promise<boolean> {
    await settle();
    const runnable = this.#steps.filter(({ member }) => !this.#paused.has(member));
    const ready = runnable.filter(({ due }) => due === undefined || due <= this.#now);
    const pool = ready.length === 0 || this.random() < 0.02 ? runnable : ready;
    if (pool.length === 0) return false;
    const step = pool[this.below(pool.length)]!;
    this.#steps.splice(this.#steps.indexOf(step), 1);
    this.#now = Math.max(this.#now + this.random() * 20, step.due ?? 0);
    if (step.due === undefined) this.note(`${step.member} ${step.what}`);
    step.resolve();
    return true;
  }

  #wait(member: string, what: string, due: number | undefined, signal?: AbortSignal): Promise<void> {
    if (this.#crashed.has(member)) return Promise.reject(new Crashed(member));
    return new Promise((granted, reject) => {
      const resolve = (): void => {
        signal?.removeEventListener("abort", wake);
        granted();
      };
      const step: Step = { member, what, due, resolve, reject };
      // A sleeper that was woken moves the time no more.
      const wake = (): void => {
        this.#steps = this.#steps.filter((other) => other !== step);
        resolve();
      };
      signal?.addEventListener("abort", wake);
      this.#steps.push(step);
    });
  }
}

/** Lets every promise that can be resolved be resolved: promises go before the next turn of the loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
