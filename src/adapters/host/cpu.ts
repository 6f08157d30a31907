/** How busy the processors were between two readings of their times. */
import type { CpuInfo } from "node:os";

type CpuTimes = readonly Pick<CpuInfo, "times">[];

/**
 * Share of processor time that was not idle, 0 to 1, over all processors; null if no time went by, as on hosts that
 * hide their processors.
 *
 * @example
 * ```ts
 * const before = os.cpus();
 * await sleep(1000);
 * cpuUseRatio(before, os.cpus()); // 0.07
 * ```
 */
export function cpuUseRatio(before: CpuTimes, after: CpuTimes): number | null {
  const total = sum(after, allTimes) - sum(before, allTimes);
  const idle = sum(after, idleTime) - sum(before, idleTime);
  // A processor that was switched off meanwhile loses its times.
  if (!(total > 0)) return null;
  return Math.min(1, Math.max(0, 1 - idle / total));
}

function allTimes({ times }: CpuTimes[number]): number {
  return times.user + times.nice + times.sys + times.idle + times.irq;
}

function idleTime({ times }: CpuTimes[number]): number {
  return times.idle;
}

function sum(processors: CpuTimes, time: (processor: CpuTimes[number]) => number): number {
  return processors.reduce((total, processor) => total + time(processor), 0);
}
