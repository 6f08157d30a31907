import fc from "fast-check";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { openStateFile, writeStateFile } from "../../../src/adapters/files/state-file.js";
import { crc32 } from "../../../src/forecast/encoding/checksum.js";
import type { ExportedState } from "../../../src/pipeline/state/transfer.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `state-${files++}`);
const head = { application: "pumps", input: "readings", partitions: 4 };

async function* of(states: readonly ExportedState[]): AsyncGenerator<ExportedState> {
  for (const state of states) yield await Promise.resolve(state);
}

async function read(path: string): Promise<ExportedState[]> {
  const states: ExportedState[] = [];
  for await (const state of (await openStateFile(path)).states()) states.push(state);
  return states;
}

const codeOf = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => "no error",
    (error: unknown) => (error as { code: string }).code,
  );

const statesOf = fc.uniqueArray(fc.nat({ max: 3 })).chain((partitions) =>
  fc.tuple(
    ...partitions
      .sort((a, b) => a - b)
      .map((partition) =>
        fc.record({
          partition: fc.constant(partition),
          committed: fc.option(fc.maxSafeNat(), { nil: undefined }),
          records: fc.array(
            fc.record({
              key: fc.string({ unit: "grapheme" }),
              value: fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
            }),
          ),
        }),
      ),
  ),
);

const small: readonly ExportedState[] = [
  { partition: 1, committed: 7, records: [{ key: "model", value: Uint8Array.of(1, 2, 3) }] },
  { partition: 3, committed: undefined, records: [] },
];

test("gives back what was written", async () => {
  await fc.assert(
    fc.asyncProperty(statesOf, async (states) => {
      const path = newFile();
      const bytes = await writeStateFile(path, head, of(states));
      expect(readFileSync(path).length).toBe(bytes);
      expect((await openStateFile(path)).head).toEqual(head);
      expect(await read(path)).toEqual(states);
    }),
    { numRuns: 50 },
  );
});

test("holds states of more than a piece", async () => {
  const values = Array.from({ length: 40 }, (_, i) => new Uint8Array(100_000).fill(i));
  const states = [
    { partition: 0, committed: 1, records: values.map((value, i) => ({ key: `key:${i}`, value })) },
  ];
  const path = newFile();
  await writeStateFile(path, head, of(states));
  const [found] = await read(path);
  expect(found!.records.map(({ value }) => Buffer.compare(value, values[value[0]!]!))).toEqual(
    values.map(() => 0),
  );
});

test("is refused with any byte changed, missing or added", async () => {
  const path = newFile();
  await writeStateFile(path, head, of(small));
  const bytes = readFileSync(path);
  const damaged = newFile();
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 0x41;
    writeFileSync(damaged, changed);
    expect(await codeOf(read(damaged)), `byte ${at} changed`).toMatch(
      /^(STATE_FILE_INVALID|SNAPSHOT_VERSION)$/,
    );
    writeFileSync(damaged, bytes.subarray(0, at));
    expect(await codeOf(read(damaged)), `cut off at byte ${at}`).toBe("STATE_FILE_INVALID");
  }
  writeFileSync(damaged, Buffer.concat([bytes, bytes.subarray(8)]));
  expect(await codeOf(read(damaged))).toBe("STATE_FILE_INVALID");
});

test("is read in work that grows with its bytes alone, damaged or not", async () => {
  const path = newFile();
  const value = new Uint8Array(6 << 20).fill(7);
  await writeStateFile(path, head, of([{ partition: 0, committed: 1, records: [{ key: "a", value }] }]));
  const bytes = readFileSync(path);
  const damaged = newFile();
  const copied = vi.spyOn(Buffer, "concat");
  for (const change of [0, -1, 1]) {
    // The first chunk's length, behind the magic and the format: of the head, whose body is small.
    const changed = Buffer.from(bytes);
    if (change !== 0) changed.writeUInt32LE(change < 0 ? 5 << 20 : 1 << 30, 8);
    writeFileSync(damaged, changed);
    copied.mockClear();
    const code = await codeOf(read(damaged));
    expect(code).toBe(change === 0 ? "no error" : "STATE_FILE_INVALID");
    const total = copied.mock.results.reduce((sum, { value: made }) => sum + (made as Buffer).length, 0);
    expect(total).toBeLessThan(2 * bytes.length);
  }
  copied.mockRestore();
});

test("is refused where it is no regular file, or a record's key is not UTF-8", async () => {
  const pipe = newFile();
  execFileSync("mkfifo", [pipe]);
  expect(await codeOf(read(pipe))).toBe("FILE_UNREADABLE");
  const path = newFile();
  await writeStateFile(
    path,
    head,
    of([{ partition: 0, committed: 1, records: [{ key: "abc", value: Uint8Array.of(9) }] }]),
  );
  const bytes = readFileSync(path);
  const at = bytes.indexOf("abc");
  bytes[at] = 0xff;
  const body = bytes.subarray(at - 4, at + 4);
  bytes.writeUInt32LE(crc32(body), at - 8);
  writeFileSync(path, bytes);
  await expect(read(path)).rejects.toThrow("not UTF-8");
});

test("appears under its name only when it is whole, and replaces nothing", async () => {
  const path = newFile();
  async function* failing(): AsyncGenerator<ExportedState> {
    yield await Promise.resolve(small[0]!);
    throw new RangeError("gone");
  }
  await expect(writeStateFile(path, head, failing())).rejects.toThrow("gone");
  expect(readdirSync(folder).filter((name) => path.endsWith(name) || name.endsWith(".partial"))).toEqual([]);
  await writeStateFile(path, head, of(small));
  expect(await codeOf(writeStateFile(path, head, of([])))).toBe("OUTPUT_UNWRITABLE");
  expect(await read(path)).toEqual(small);
  expect(await codeOf(read(join(folder, "none")))).toBe("FILE_UNREADABLE");
});
