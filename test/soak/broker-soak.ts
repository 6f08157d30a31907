/**
 * Two instances on a real broker for a long time: windows of keys that come and go, incidents, and a third instance that
 * joins and leaves. The memory of the two is sampled; in the end all that is committed is held against one uninterrupted run.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientKind, GroupProtocol } from "../../src/adapters/kafka/options.js";
import { partitions, runFleet, type ChaosReport } from "../chaos/chaos.js";
import type { Fleet } from "../chaos/fleet.js";
import type { Instance, Memory } from "../chaos/instance.js";
import type { TestBroker } from "../support/broker-client.js";

export interface BrokerSoakOptions {
  readonly minutes: number;
  /** Minutes from one visit of the third instance to the next. */
  readonly rebalanceMinutes: number;
  readonly recordsPerSecond: number;
  readonly seed: number;
  readonly client?: ClientKind;
  readonly groupProtocol?: GroupProtocol;
  /** Told of each sample of an instance. */
  readonly onSample?: (sample: InstanceSample) => void;
}

/** What an instance holds. */
export interface InstanceSample extends Memory {
  readonly instance: string;
  /** Since both shared the partitions. */
  readonly minute: number;
  /** Keys of its states, and the bytes of these as the service counts them. */
  readonly keys: number;
  readonly state: number;
}

export interface BrokerSoakReport extends ChaosReport {
  /** The samples of the two that stay, a row each time. */
  readonly samples: readonly (readonly InstanceSample[])[];
}

/** Milliseconds between two samples. */
const samplePeriod = 10_000;

/** Milliseconds between two requests of the input. */
const requestPeriod = 500;

const reportMemory = new URL("report-memory.mjs", import.meta.url).href;

export async function soakOnBroker(
  broker: TestBroker,
  { minutes, rebalanceMinutes, recordsPerSecond, onSample, ...options }: BrokerSoakOptions,
): Promise<BrokerSoakReport> {
  const samples: InstanceSample[][] = [];
  const burst = Math.ceil((recordsPerSecond * requestPeriod) / 1000 / partitions);
  const report = await runFleet(
    broker,
    {
      ...options,
      kills: 0,
      rebalances: 0,
      shape: "churn",
      pace: { burst, period: requestPeriod },
    },
    async (fleet) => {
      const lasting = [fleet.start(), fleet.start()];
      await fleet.settled();
      const began = performance.now();
      const elapsed = (): number => (performance.now() - began) / 60_000;
      const sample = (): void => {
        const row = lasting.flatMap((instance) => sampleOf(instance, elapsed()) ?? []);
        if (row.length < lasting.length) return;
        samples.push(row);
        if (onSample !== undefined) row.forEach(onSample);
      };
      const sampling = setInterval(sample, samplePeriod);
      try {
        for (let visit = 1; visit * rebalanceMinutes <= minutes; visit++) {
          await waitUntil(fleet, () => elapsed() >= (visit - 0.5) * rebalanceMinutes);
          await visitOfThird(fleet);
        }
        await waitUntil(fleet, () => elapsed() >= minutes);
      } finally {
        clearInterval(sampling);
      }
    },
    { nodeFlags: ["--import", reportMemory] },
  );
  return { ...report, samples };
}

/** A third instance joins, works for a while, and leaves: two rebalances. */
async function visitOfThird(fleet: Fleet): Promise<void> {
  const third = fleet.start();
  await fleet.settled();
  await sleep(5000);
  await fleet.stop(third);
  await fleet.settled();
  fleet.happened.rebalances++;
}

/** Waits in steps that are shorter than the fleet's patience, so that an instance that ends by itself is noticed. */
async function waitUntil(fleet: Fleet, isDue: () => boolean): Promise<void> {
  while (!isDue()) {
    await sleep(1000);
    await fleet.settled();
  }
}

function sampleOf({ name, memory, states }: Instance, minute: number): InstanceSample | undefined {
  if (memory === undefined) return undefined;
  const all = [...states.values()];
  return {
    instance: name,
    minute,
    ...memory,
    keys: all.reduce((sum, { keys }) => sum + keys, 0),
    state: all.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
