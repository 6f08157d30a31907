/**
 * Membership for the topics of a pattern. Looks for topics every few seconds; if they have changed, it gives every partition back
 * and joins the group again with the topics of now, which is a rebalance.
 */
import { UndercurrentError } from "../../../errors/errors.js";
import { createTopics } from "../admin/create.js";
import { brokerError, innermost } from "../errors.js";
import { every } from "../every.js";
import { matchingInputs, optionsOf } from "../inputs.js";
import type { AdminClient } from "../admin-client.js";
import { createAdmin, withAdmin } from "../admin/admin.js";
import type { KafkaOptions, TopicPattern } from "../options.js";
import type { PortsFor } from "./assignment.js";
import { Membership, type MembershipEvents } from "./membership.js";

/** Time between two looks at the list of topics, in ms, and so the time within which a new topic is taken up. */
const period = 5000;

export class PatternMembership {
  readonly #options: KafkaOptions<TopicPattern>;
  readonly #purpose: PortsFor;
  readonly #events: MembershipEvents;
  readonly #admin: AdminClient;
  readonly #ending = new AbortController();
  /** Topics that cannot be read yet, by the reason that was logged. */
  readonly #refused = new Map<string, string>();
  /** Topics that are read now. */
  #inputs: readonly string[] = [];
  #membership: Membership | undefined;
  #watch: Promise<void> = Promise.resolve();
  /** The look under way. */
  #looking: Promise<boolean> | undefined;

  constructor(options: KafkaOptions<TopicPattern>, purpose: PortsFor, events: MembershipEvents) {
    this.#options = options;
    this.#purpose = purpose;
    this.#events = events;
    this.#admin = createAdmin(options);
  }

  /** Throws BROKER_UNREACHABLE. */
  async join(): Promise<void> {
    const { applicationId, topics } = this.#options;
    try {
      await this.#admin.connect();
      await this.#look();
    } catch (error) {
      throw brokerError(error, `the consumer group ${applicationId}`);
    }
    if (this.#inputs.length === 0) {
      const message = `no topic matches topics.input.pattern ${topics.input.pattern} yet`;
      this.#options.log?.({ level: "warn", message, fields: {} });
    }
    this.#watch = every(period, this.#ending.signal, async () => {
      await this.#look().catch((error: unknown) => this.#failed(error));
    });
  }

  async leave(): Promise<void> {
    this.#ending.abort();
    await this.#watch;
    await this.#looking?.catch(() => undefined);
    await this.#membership?.leave();
    await this.#admin.disconnect();
  }

  #hasEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Looks once for all who ask. Returns whether the topics have changed. */
  #look(): Promise<boolean> {
    return (this.#looking ??= this.#lookNow().finally(() => (this.#looking = undefined)));
  }

  /**
   * 1. List the topics that match, and create the missing topics of each new one.
   * 2. If they are other topics than before, give every partition back and leave the group.
   * 3. Join the group with the topics of now.
   */
  async #lookNow(): Promise<boolean> {
    // 1.
    const found = matchingInputs(await this.#admin.listTopics(), this.#options.topics);
    const inputs: string[] = [];
    for (const input of found) {
      if (this.#inputs.includes(input) || (await this.#prepare(input))) inputs.push(input);
    }
    if (this.#hasEnded() || sameNames(inputs, this.#inputs)) return false;
    // 2.
    this.#report(inputs);
    const before = this.#membership;
    this.#membership = undefined;
    this.#inputs = inputs;
    await before?.retire();
    // 3.
    if (inputs.length === 0) this.#options.joined?.(0);
    if (inputs.length === 0 || this.#hasEnded()) return true;
    const membership: Membership = new Membership(
      inputs.map((input) => optionsOf(this.#options, input)) as [KafkaOptions],
      this.#purpose,
      {
        assigned: (assignment) => this.#events.assigned(assignment),
        failed: (error) => {
          if (this.#membership === membership) void this.#judge(error);
        },
        isGone: (input) => this.#isGone(input),
      },
      true,
    );
    this.#membership = membership;
    membership.join().catch((error: unknown) => {
      if (this.#membership === membership) void this.#judge(error);
    });
    return true;
  }

  /** Creates the missing topics of an input. Returns whether the input can be read. */
  async #prepare(input: string): Promise<boolean> {
    if (this.#purpose.isStateless === true) return true;
    const options = optionsOf(this.#options, input);
    try {
      // Its own client, because its requests would replace what the other one knows.
      await withAdmin(options, (admin) => createTopics(admin, options.topics));
      this.#refused.delete(input);
      return true;
    } catch (error) {
      const { code, message } = brokerError(error, `the topics of ${input}`);
      if (this.#refused.get(input) !== message) {
        const text = `topic ${input} is left out: ${message} (${code})`;
        this.#options.log?.({ level: "warn", message: text, fields: { topic: input } });
      }
      this.#refused.set(input, message);
      return false;
    }
  }

  #report(inputs: readonly string[]): void {
    const tell = (topic: string, message: string): void =>
      this.#options.log?.({ level: "info", message: `topic ${topic}: ${message}`, fields: { topic } });
    for (const topic of inputs)
      if (!this.#inputs.includes(topic)) tell(topic, "matches the pattern and is read");
    for (const topic of this.#inputs) {
      if (!inputs.includes(topic)) tell(topic, "was deleted and is read no more; its state topic stays");
    }
  }

  /** If a topic is missing because it was deleted, the others are read on. */
  async #judge(error: unknown): Promise<void> {
    const cause = innermost(error);
    const isMissing = cause instanceof UndercurrentError && cause.code === "TOPIC_MISSING";
    if (isMissing && (await this.#look().catch(() => false))) return;
    this.#failed(error);
  }

  /** Nobody waits for the look: it waits for the tasks that ask. */
  async #isGone(input: string): Promise<boolean> {
    const names = await this.#admin.listTopics().catch(() => [input]);
    if (names.includes(input)) return false;
    this.#look().catch((error: unknown) => this.#failed(error));
    return true;
  }

  #failed(error: unknown): void {
    if (this.#ending.signal.aborted) return;
    // Outages are reported by the membership, which knows more of them.
    if (this.#membership !== undefined && !(error instanceof UndercurrentError)) return;
    this.#events.failed(brokerError(error, `the consumer group ${this.#options.applicationId}`));
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
