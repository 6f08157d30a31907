/** Symbols from files: tokens however text is cut, columns by name, and what is refused. */
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readSymbols, type SymbolReaderOptions } from "../../../src/adapters/files/symbol-reader.js";
import { Tokenizer } from "../../../src/adapters/files/tokens.js";
import { UndercurrentError } from "../../../src/errors/errors.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(
  name: string,
  content: string,
  options: Pick<SymbolReaderOptions, "key" | "symbol" | "tokens"> = {},
): Promise<{ events: string[]; rejected: string[] }> {
  const file = join(folder, name);
  writeFileSync(file, content);
  const names: string[] = [];
  const events: string[] = [];
  const rejected: string[] = [];
  const batches = readSymbols([file], {
    ...options,
    slotOf: (key) => (names.includes(key) ? names.indexOf(key) : names.push(key) - 1),
    reject: ({ code, origin }) => rejected.push(`${origin} ${code}`),
  });
  for await (const { count, slots, symbols } of batches) {
    for (let row = 0; row < count; row++) events.push(`${names[slots[row]!]} ${symbols[row]}`);
  }
  return { events, rejected };
}

async function codeOf(action: Promise<unknown>): Promise<string> {
  return action.then(
    () => "no error",
    (error: unknown) => (error instanceof UndercurrentError ? error.code : String(error)),
  );
}

describe("tokens", () => {
  it.each(["characters", "words"] as const)("are the same %s however the text is cut", (kind) => {
    const text = fc
      .array(fc.constantFrom("a", "é", "don't", " ", "\n", ".", "日本", "😀", "x_1", "-"))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(40)), (text, cuts) => {
        const points = Array.from(text);
        const whole = new Tokenizer(kind);
        const expected = [...whole.push(text), ...whole.end()];
        const tokenizer = new Tokenizer(kind);
        const ends = [...cuts.map((cut) => cut % (points.length + 1)), points.length].sort((a, b) => a - b);
        const tokens = ends.flatMap((end, i) => tokenizer.push(points.slice(ends[i - 1] ?? 0, end).join("")));
        expect([...tokens, ...tokenizer.end()]).toEqual(expected);
        if (kind === "characters") expect(expected).toEqual(points);
        else expect(expected.join("")).toBe(text.replace(/\s/g, ""));
      }),
    );
  });

  it("are words with what holds them together, and marks one by one", () => {
    const tokenizer = new Tokenizer("words");
    const tokens = tokenizer.push("\uFEFFDon't stop: it's 9 o'clock—well-known, x_1!? ");
    expect([...tokens, ...tokenizer.end()]).toEqual([
      ..."Don't stop : it's 9 o'clock — well-known , x_1 ! ?".split(" "),
    ]);
  });
});

describe("symbols from files", () => {
  it("come from the columns key and symbol, those that are named, or the only one left", async () => {
    const expected = ["a x", "b y", "a z"];
    const rows = "a,1,x\nb,2,y\na,3,z\n";
    expect((await read("a.csv", `key,time,symbol\n${rows}`)).events).toEqual(expected);
    expect((await read("b.csv", `key,time,page\n${rows}`)).events).toEqual(expected);
    const named = await read("c.csv", `who,n,page\n${rows}`, { key: "who", symbol: "page" });
    expect(named.events).toEqual(expected);
    expect((await read("one.csv", "page\nx\ny\n")).events).toEqual(["one x", "one y"]);
  });

  it("come from plain text, a key for each file", async () => {
    const { events } = await read("book.v1.txt", "To be, or", { tokens: "words" });
    expect(events).toEqual(["book To", "book be", "book ,", "book or"]);
  });

  it("are refused with file and line where they cannot be read, and the rest is read", async () => {
    const { events, rejected } = await read(
      "bad.csv",
      `key,symbol\na,x\n,y\na,\na,${"s".repeat(257)}\na,x,3\nb,z\n`,
    );
    expect(events).toEqual(["a x", "b z"]);
    expect(rejected).toEqual([
      "bad.csv:3 KEY_INVALID",
      "bad.csv:4 SYMBOL_INVALID",
      "bad.csv:5 SYMBOL_INVALID",
      "bad.csv:6 ROW_UNREADABLE",
    ]);
    expect((await read("empty.csv", "")).rejected).toEqual(["empty.csv INPUT_EMPTY"]);
  });

  it("end where there is no memory for another key: no row is to blame", async () => {
    const file = join(folder, "full.csv");
    writeFileSync(file, "key,symbol\na,x\n");
    const slotOf = (): number => {
      throw new UndercurrentError("MEMORY_EXHAUSTED", "no memory");
    };
    const rejected: string[] = [];
    const reading = readSymbols([file], { slotOf, reject: ({ code }) => rejected.push(code) }).next();
    expect(await codeOf(reading)).toBe("MEMORY_EXHAUSTED");
    expect(rejected).toEqual([]);
  });

  it("say which column is missing or named twice", async () => {
    expect(await codeOf(read("d.csv", "key,a,b\n1,2,3\n"))).toBe("INPUT_COLUMN_MISSING");
    expect(await codeOf(read("e.csv", "key,symbol\n1,2\n", { symbol: "page" }))).toBe("INPUT_COLUMN_MISSING");
    expect(await codeOf(read("f.csv", "symbol,symbol\n1,2\n"))).toBe("INPUT_COLUMN_INVALID");
  });
});
