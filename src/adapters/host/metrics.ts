/** A source of live observations without any set-up: how busy this host and this process are. */
import os from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { finalize, from, interval, mergeMap, Observable } from "rxjs";
import { cpuUseRatio } from "./cpu.js";

export interface HostObservation {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly time: number;
  /** Ratios from 0 to 1, a load average, or milliseconds; null where the host does not tell. */
  readonly value: number | null;
}

export interface HostMetricsOptions {
  /** Milliseconds between two readings. */
  readonly period?: number;
}

const nanosecondsPerMillisecond = 1e6;

/**
 * Emits once per period, after the first period: `host cpu` and `host memory` (shares in use, 0 to 1), `host load` (one-minute
 * load average, not on Windows) and `event loop delay` (mean of this process, in milliseconds). Each subscription reads on its
 * own; unsubscribing stops its timer.
 *
 * @example
 * ```ts
 * hostMetrics().subscribe(({ key, value }) => console.log(key, value)); // host cpu 0.07
 * ```
 */
export function hostMetrics(options: HostMetricsOptions = {}): Observable<HostObservation> {
  const { period = 1000 } = options;
  return new Observable((subscriber) => {
    let processors = os.cpus();
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    const read = (): HostObservation[] => {
      const time = Date.now();
      const before = processors;
      processors = os.cpus();
      const lag = delay.mean / nanosecondsPerMillisecond;
      delay.reset();
      const load = os.platform() === "win32" ? [] : [{ key: "host load", time, value: os.loadavg()[0]! }];
      return [
        { key: "host cpu", time, value: cpuUseRatio(before, processors) },
        { key: "host memory", time, value: 1 - os.freemem() / os.totalmem() },
        ...load,
        // NaN until the histogram has seen its first turn of the loop.
        { key: "event loop delay", time, value: Number.isFinite(lag) ? lag : null },
      ];
    };
    return interval(period)
      .pipe(
        mergeMap(() => from(read())),
        finalize(() => delay.disable()),
      )
      .subscribe(subscriber);
  });
}
