/**
 * Readings are corrected with a registry of devices, which answers after some milliseconds, inside the commit. Readings of
 * devices that the registry does not know are left out. Anomalies go to a topic of their own, with the device's site.
 *
 * A replay after a crash asks the registry again and has to get the same answers. So the registry keeps every version of
 * an entry, and a reading takes the version of its own time. Input and output are in memory here; `kafkaPorts` has those
 * of Kafka.
 */
import { lastValueFrom, of } from "rxjs";
import {
  run,
  type Assignment,
  type Commit,
  type Committer,
  type InputRecord,
  type Operators,
  type Reading,
} from "undercurrent-forecast/pipeline";

interface DeviceVersion {
  readonly since: number;
  readonly site: string;
  /** How much too warm the device measures. */
  readonly excess: number;
}

const begin = Date.UTC(2026, 2, 1);
const minute = 60_000;
const registry = new Map<string, readonly DeviceVersion[]>([
  ["pump-1", [{ since: 0, site: "north", excess: 0 }]],
  [
    "pump-2",
    [
      { since: 0, site: "south", excess: 30 },
      { since: begin + 300 * minute, site: "south", excess: 0 },
    ],
  ],
]);

/** A request to a database or a service: every version of the devices' entries. */
async function lookUp(
  keys: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly DeviceVersion[]>> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  signal.throwIfAborted();
  return new Map([...registry].filter(([key]) => keys.has(key)));
}

/** The device's entry at the time of a reading. */
function versionOf(
  versions: readonly DeviceVersion[] | undefined,
  { time }: Reading,
): DeviceVersion | undefined {
  return versions?.findLast(({ since }) => since <= time);
}

const steps: Operators = {
  async beforeBatch(readings, { signal }) {
    const devices = await lookUp(new Set(readings.map(({ key }) => key)), signal);
    return readings.flatMap((reading) => {
      const device = versionOf(devices.get(reading.key), reading);
      return device === undefined ? [] : [{ ...reading, value: reading.value - device.excess }];
    });
  },
  async afterBatch(forecasts, { signal }) {
    const anomalies = forecasts.filter(({ anomalyScore }) => anomalyScore > 1);
    const devices = await lookUp(new Set(anomalies.map(({ key }) => key)), signal);
    return anomalies.map(({ key, event, value, expected }) => {
      const site = versionOf(devices.get(key), event)?.site;
      const text = JSON.stringify({ key, site, value, expected: Math.round(expected * 10) / 10 });
      const { key: bytes, headers, timestamp } = event.record;
      return { topic: "alerts", record: { key: bytes, value: Buffer.from(text), headers, timestamp } };
    });
  },
};

const names = ["pump-1", "pump-2", "test-rig"];
const input = Array.from({ length: 1800 }, (_, offset): InputRecord => {
  const [k, minutes] = [offset % 3, Math.floor(offset / 3)];
  const wave = 40 + 5 * Math.sin(minutes / 20) + 0.2 * Math.sin(offset * 12.9898);
  const excess = k === 1 && minutes < 300 ? 30 : 0;
  const fault = k === 1 && minutes === 550 ? 8 : 0;
  return {
    offset,
    timestamp: begin + minutes * minute,
    key: Buffer.from(names[k]!),
    value: Buffer.from(JSON.stringify({ value: wave + excess + fault })),
    headers: [],
  };
});

const assignment: Assignment = {
  topic: "readings",
  partition: 0,
  revoked: new AbortController().signal,
  takeOver: () => Promise.resolve({ committed: undefined, earliest: 0, state: [] }),
  async *read() {
    yield await Promise.resolve({ records: input, nextOffset: input.length, endOffset: input.length });
  },
  release: () => Promise.resolve(),
};

const commits: Commit[] = [];
const committer: Committer = {
  commit: (_, commit) => {
    commits.push(commit);
    return Promise.resolve();
  },
};

const tasks = run({ assignments: of(assignment) }, committer, {
  ...steps,
  hookTimeoutMs: 2000,
  commit: { maxEvents: 500 },
});
await lastValueFrom(tasks, { defaultValue: undefined });

const forecasts = commits.flatMap((commit) => commit.forecasts);
console.log(`${forecasts.length} forecasts of ${input.length} readings in ${commits.length} commits`);
for (const { topic, record } of commits.flatMap(({ routed }) => routed)) {
  console.log(topic, Buffer.from(record.value!).toString());
}
