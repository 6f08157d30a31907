/** The instances of a chaos run, and what can be done to them. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BrokerProxy } from "../support/broker-proxy.js";
import { Instance } from "./instance.js";
import type { Step } from "./schedule.js";

/** Time without the condition that is waited for after which the run has failed, in ms. */
const patience = 180_000;
/** Time that an instance has to stop in order. */
const stopPatience = 90_000;

/** What the instances stand on, as far as it can be disturbed. */
export interface Ground {
  readonly proxy: BrokerProxy;
  restartBroker(): Promise<void>;
  /** Whether every partition has a snapshot in the state topic. */
  hasState(): Promise<boolean>;
  deleteState(): Promise<void>;
  makeState(): Promise<void>;
}

export class Fleet {
  readonly happened = { kills: 0, rebalances: 0, pauses: 0, brokerRestarts: 0, cuts: 0, refusals: 0 };
  readonly #ground: Ground;
  readonly #command: readonly string[];
  readonly #partitions: number;
  readonly #note: (what: string) => void;
  readonly #running: Instance[] = [];
  /** Every instance that there ever was, in order. */
  readonly #all: Instance[] = [];

  constructor(command: readonly string[], partitions: number, note: (what: string) => void, ground: Ground) {
    this.#ground = ground;
    this.#command = command;
    this.#partitions = partitions;
    this.#note = note;
  }

  get size(): number {
    return this.#running.length;
  }

  /** Sums over all instances. */
  get totals(): { takeovers: number; replayed: number } {
    const sum = (name: "takeovers" | "replayed"): number =>
      this.#all.reduce((total, instance) => total + instance[name], 0);
    return { takeovers: sum("takeovers"), replayed: sum("replayed") };
  }

  start(): Instance {
    const instance = new Instance(`i${this.#all.length}`, this.#command, this.#note);
    this.#note(`${instance.name} starts`);
    this.#running.push(instance);
    this.#all.push(instance);
    return instance;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case "kill": {
        const victim =
          step.moment === "flow"
            ? this.#running[Math.floor(step.pick * this.#running.length)]!
            : this.#running.at(-1)!;
        if (step.moment === "flow") await this.settled();
        if (step.moment === "takeover") {
          await this.until(`${victim.name} has a partition`, () => victim.taken.size > 0);
        }
        await sleep(step.delay);
        await this.#kill(victim);
        this.start();
        this.happened.kills++;
        break;
      }
      case "grow":
        await this.settled();
        await sleep(step.delay);
        this.start();
        this.start();
        break;
      case "shrink": {
        await this.settled();
        await sleep(step.delay);
        const survivor = this.#running[Math.floor(step.pick * this.#running.length)]!;
        const others = this.#running.filter((instance) => instance !== survivor);
        await Promise.all(others.map((other) => this.stop(other)));
        await this.settled();
        this.happened.rebalances++;
        break;
      }
      case "pause":
        await this.settled();
        await sleep(step.delay);
        await this.#pause(this.#running[0]!);
        this.happened.pauses++;
        break;
      case "restart-broker":
        await this.settled();
        await sleep(step.delay);
        this.#note("the broker restarts");
        await this.#ground.restartBroker();
        this.#note("the broker is back");
        await this.settled();
        this.happened.brokerRestarts++;
        break;
      case "cut": {
        await this.settled();
        await sleep(step.delay);
        const { proxy } = this.#ground;
        const before = proxy.lost;
        proxy.lose(step.request, step.what);
        await this.until(`the ${step.what} of ${step.request} is lost`, () => proxy.lost > before);
        this.happened.cuts++;
        break;
      }
      case "delete-state":
        await this.settled();
        await this.until("every partition has a snapshot", () => this.#ground.hasState());
        await sleep(step.delay);
        await this.#deleteState();
        break;
    }
  }

  /** Another takes over all that the instance has; then it goes on, and has to notice that it was fenced. */
  async #pause(instance: Instance): Promise<void> {
    this.#note(`${instance.name} stands still`);
    instance.pause();
    this.#running.splice(this.#running.indexOf(instance), 1);
    const successor = this.start();
    try {
      await this.settled();
    } finally {
      this.#note(`${instance.name} goes on`);
      instance.resume();
      this.#running.push(instance);
    }
    await this.until(`${instance.name} gives up what it had, and both share the partitions`, () =>
      this.#running.every(({ live }) => live.size === this.#partitions / 2),
    );
    await this.stop(successor);
    await this.settled();
  }

  /** No instance may go on, and none may begin: neither without the topic, nor with an empty one in its place. */
  async #deleteState(): Promise<void> {
    this.#note("the state topic is deleted");
    await this.#ground.deleteState();
    for (const instance of [...this.#running, this.start()]) {
      await this.#refuses(instance, ["TOPIC_MISSING", "STATE_GAP"]);
    }
    this.#note("the state topic is made again");
    await this.#ground.makeState();
    await this.#refuses(this.start(), ["STATE_GAP"]);
  }

  /** Waits until an instance has ended by itself, with one of these errors. */
  async #refuses(instance: Instance, codes: readonly string[]): Promise<void> {
    await Promise.race([instance.exit, sleep(patience, undefined, { ref: false })]);
    if (instance.ended === undefined) throw failure(instance, "goes on without its state");
    this.#running.splice(this.#running.indexOf(instance), 1);
    if (!codes.some((code) => instance.log.some((line) => line.includes(`error ${code}`)))) {
      throw failure(instance, `does not tell ${codes.join(" or ")}: ${instance.ended}`);
    }
    this.happened.refusals++;
  }

  /** Waits until the instances share the partitions evenly and each writes forecasts of all of its own. */
  async settled(): Promise<void> {
    await this.until(`${this.#running.length} instances share the partitions`, () =>
      this.#running.every(({ live }) => live.size === this.#partitions / this.#running.length),
    );
  }

  /** Ends every instance in order. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((instance) => this.stop(instance)));
  }

  /** Ends every instance at once, whatever state things are in. */
  async killAll(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((instance) => instance.kill()));
  }

  /** Waits for a condition. Throws where it does not come, or where an instance ends by itself meanwhile. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + patience;
    while (!(await condition())) {
      const broken = this.#running.find(({ ended }) => ended !== undefined);
      if (broken !== undefined) throw failure(broken, `ended by itself: ${broken.ended}`);
      if (performance.now() > deadline) {
        throw new Error(`waited in vain: ${what}\n${this.#running.map(describe).join("\n")}`);
      }
      await sleep(20);
    }
  }

  async #kill(instance: Instance): Promise<void> {
    if (instance.ended !== undefined) throw failure(instance, `ended by itself: ${instance.ended}`);
    this.#note(`${instance.name} is killed; live ${[...instance.live].join(" ")}`);
    this.#running.splice(this.#running.indexOf(instance), 1);
    await instance.kill();
  }

  /** Ends one instance in order. */
  async stop(instance: Instance): Promise<void> {
    this.#note(`${instance.name} is asked to stop`);
    this.#running.splice(this.#running.indexOf(instance), 1);
    instance.stop();
    await Promise.race([instance.exit, sleep(stopPatience, undefined, { ref: false })]);
    if (instance.ended === undefined) throw failure(instance, "does not stop");
    if (instance.ended !== 0) throw failure(instance, `did not stop in order: ${instance.ended}`);
  }
}

const describe = ({ name, log }: Instance): string =>
  `${name}, last lines of its log:\n  ${log.join("\n  ")}`;

function failure(instance: Instance, what: string): Error {
  return new Error(`${instance.name} ${what}\n${describe(instance)}`);
}
