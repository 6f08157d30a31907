/** `npm run soak -- --minutes 30`: prints a row a minute; exits with 1 where memory grew or a record was lost. */
import { Command } from "commander";
import { memory, soak, type Memory, type SoakSample } from "./soak.js";

/** Growth of the least memory that is taken for noise. */
const allowedGrowth = 1.05;
const columns = [
  "minute",
  "records/s",
  "rss MB",
  "heap MB",
  "arrays MB",
  "keys",
  "keys seen",
  "state keys",
  "state MB",
];

interface Flags {
  readonly minutes: number;
  readonly keys: number;
  readonly seed: number;
}

new Command("soak")
  .description("full load with keys that come and go, and the memory that it takes")
  .option("--minutes <n>", "how long", Number, 30)
  .option("--keys <n>", "keys that the state may hold", Number, 20_000)
  .option("--seed <n>", "seed of the values", Number, 1)
  .action(async ({ minutes, keys, seed }: Flags) => {
    const began = performance.now();
    const rows: Memory[] = [];
    let told = 0;
    print(columns);
    const tell = (sample: SoakSample): void => {
      const seconds = (performance.now() - began) / 1000 - 60 * rows.length;
      const held = memory();
      rows.push(held);
      const numbers = [
        (sample.records - told) / seconds,
        ...[held.rss, held.heap, held.arrays].map((bytes) => bytes / 1e6),
        ...[sample.keys, sample.keysSeen, sample.stateKeys],
      ];
      told = sample.records;
      print([rows.length, ...numbers.map(Math.round), (sample.stateBytes / 1e6).toFixed(1)]);
    };
    const end = await soak({
      maxKeys: keys,
      seed,
      ends: (sample) => {
        if ((performance.now() - began) / 60_000 >= rows.length + 1) tell(sample);
        return rows.length >= minutes;
      },
    });
    const lost = end.records - end.forecasts - end.deadLetters;
    const growth = (["rss", "heap", "arrays"] as const).map((name) => [name, grown(rows, name)] as const);
    print([
      `${end.records} records, lost ${lost}; growth ${growth.map(([name, x]) => `${name} ${x.toFixed(3)}`).join(", ")}`,
    ]);
    if (lost !== 0 || end.keys > keys || growth.some(([, x]) => x > allowedGrowth)) process.exitCode = 1;
  })
  .parse();

/**
 * The least of the last third by that of the third before it: a leak raises the floor, while what a snapshot writes comes and
 * goes.
 */
function grown(rows: readonly Memory[], name: keyof Memory): number {
  const third = Math.floor(rows.length / 3);
  if (third === 0) return 1;
  const least = (part: readonly Memory[]): number => Math.min(...part.map((row) => row[name]));
  return least(rows.slice(-third)) / least(rows.slice(-2 * third, -third));
}

function print(cells: readonly (string | number)[]): void {
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(10)).join("  ")}\n`);
}
