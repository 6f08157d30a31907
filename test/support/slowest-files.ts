// A reporter that prints which test files took longest, and how much of the whole that is.
import type { Reporter, TestModule } from "vitest/node";

/** Files that a run prints. */
const shown = 10;

export interface FileTime {
  readonly path: string;
  readonly ms: number;
}

/** Formats the slowest files, one a line, behind a line with the sum of all. */
export function slowestFiles(files: readonly FileTime[], count = shown): string[] {
  const total = files.reduce((sum, { ms }) => sum + ms, 0);
  const slowest = files.toSorted((a, b) => b.ms - a.ms).slice(0, count);
  return [
    `${seconds(total)} in ${files.length} files; the slowest:`,
    ...slowest.map(({ path, ms }) => `${seconds(ms)}  ${path}`),
  ];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(8)} s`;

export class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const files = modules.map((module) => {
      const { duration, collectDuration } = module.diagnostic();
      return { path: module.relativeModuleId, ms: duration + collectDuration };
    });
    if (files.length > 1) console.log(`\n${slowestFiles(files).join("\n")}\n`);
  }
}
