/** What a bench reports, as a table for people and as JSON for programs. */

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Half the range over seeds, or between the quartiles of rounds; left out where it was measured once. */
  readonly spread?: number;
  readonly unit: string;
  /** What it is compared with: a peer in the same run, or a published number. */
  readonly peer: string;
  /** Peer ÷ ours for times and errors: above 1 is better than the peer. NaN where there is nothing to divide. */
  readonly ratio: number;
}

/** Prints the figures on stdout, as one JSON object or as a table. */
export function printFigures(figures: readonly Figure[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ figures }, undefined, 2)}\n`);
    return;
  }
  const rows = [
    ["name", "value", "unit", "peer", "ratio"],
    ...figures.map((f) => [
      f.name,
      f.spread === undefined ? short(f.value) : `${short(f.value)} ±${f.spread.toPrecision(2)}`,
      f.unit,
      f.peer,
      Number.isNaN(f.ratio) ? "" : `${short(f.ratio)}×`,
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
}

/** CPU time of this process so far, in milliseconds: what other processes do beside it costs none. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Middle of the values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Half the range between the quartiles. */
export function spread(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  return (sorted[sorted.length - 1 - quarter]! - sorted[quarter]!) / 2;
}

function short(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : Number(value.toPrecision(4)).toString();
}
