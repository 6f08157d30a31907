/** Full load for a long time: keys that come and go through the whole pipeline in memory, and what it holds meanwhile. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { lastValueFrom, of, tap } from "rxjs";
import { uniform } from "../../src/engine/random.js";
import type { Assignment, Committer, InputBatch, InputRecord } from "../../src/pipeline/ports.js";
import { run } from "../../src/pipeline/run.js";

export interface SoakOptions {
  /** Keys that the state may hold. */
  readonly maxKeys: number;
  readonly seed: number;
  /** Asked before each batch. */
  readonly ends: (sample: SoakSample) => boolean;
}

/** What the pipeline holds at a time. */
export interface SoakSample {
  readonly records: number;
  readonly forecasts: number;
  readonly deadLetters: number;
  /** Keys that there have been, and that the state holds. */
  readonly keysSeen: number;
  readonly keys: number;
  /** Keys of the state topic, as compaction would leave it, and its bytes. */
  readonly stateKeys: number;
  readonly stateBytes: number;
}

/** Bytes of the process; the heap's after a collection. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
  readonly arrays: number;
}

const batch = 2000;
const begin = 1_700_000_000_000;
const encoder = new TextEncoder();

/**
 * Runs the pipeline on input that always has more. A key has some 40 events, then never comes again; one record in a
 * hundred is no JSON, one value in fifty is missing, and one key in fifty never has any.
 */
export async function soak({ maxKeys, seed, ends }: SoakOptions): Promise<SoakSample> {
  const random = uniform(seed);
  const alive = Math.ceil(0.9 * maxKeys);
  const state = new Map<string, number>();
  const now = { records: 0, forecasts: 0, deadLetters: 0, keysSeen: 0, keys: 0, stateKeys: 0, stateBytes: 0 };

  const record = (offset: number): InputRecord => {
    const first = Math.floor(offset / 40);
    now.keysSeen = first + alive;
    const key = first + Math.floor(alive * random());
    const fate = random();
    const value = fate < 0.02 || key % 50 === 0 ? null : Math.sin(offset / 1e4 + key) + random();
    const text = fate > 0.99 ? "{" : JSON.stringify({ value });
    return {
      offset,
      key: encoder.encode(`sensor-${key}`),
      value: encoder.encode(text),
      headers: [],
      timestamp: begin + offset,
    };
  };

  async function* read(from: number, stop: AbortSignal): AsyncGenerator<InputBatch> {
    for (let offset = from; !stop.aborted && !ends(now); offset += batch) {
      const records = Array.from({ length: batch }, (_, i) => record(offset + i));
      now.records += batch;
      yield { records, nextOffset: offset + batch, endOffset: offset + 2 * batch };
      // As a broker would: timers have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  const assignment: Assignment = {
    topic: "readings",
    partition: 0,
    revoked: new AbortController().signal,
    takeOver: () => Promise.resolve({ committed: undefined, earliest: 0, state: [] }),
    read,
    release: () => Promise.resolve(),
  };
  const committer: Committer = {
    commit: (_, { forecasts, deadLetters, snapshot }) => {
      now.forecasts += forecasts.length;
      now.deadLetters += deadLetters.length;
      for (const { key, value } of snapshot?.records ?? []) {
        now.stateBytes += (value?.length ?? 0) - (state.get(key) ?? 0);
        if (value === null) state.delete(key);
        else state.set(key, value.length);
      }
      // But the model's.
      now.stateKeys = Math.max(0, state.size - 1);
      return Promise.resolve();
    },
  };
  const running = run({ assignments: of(assignment) }, committer, {
    forecaster: { maxKeys: maxKeys, readout: "shared", seed },
    late: "dead-letter",
    snapshot: { everyEvents: 100_000 },
  }).pipe(
    tap((event) => {
      if (event.type === "committed") now.keys = event.keys;
    }),
  );
  await lastValueFrom(running, { defaultValue: undefined });
  return now;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

export function memory(): Memory {
  collect();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, heap: heapUsed, arrays: arrayBuffers };
}
