/** Messages as nobody should send them, mixed with good ones: a function of a seed. */
import { uniform } from "../../src/engine/random.js";
import type { InputRecord } from "../../src/pipeline/ports.js";

/** What a message is by construction: one to forecast, one to refuse, or whatever the decoder says. */
export type Verdict = "good" | "bad" | "open";

export interface Message {
  readonly record: InputRecord;
  readonly verdict: Verdict;
  /** How it was made. */
  readonly kind: string;
}

const keys = [
  ...Array.from({ length: 60 }, (_, i) => `sensor-${i}`),
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "key:model",
  "model",
  " ",
  "\u0000",
  "\r\n{}",
  '"quoted"\\',
  "\u202egnp.exe",
  "🌊".repeat(50),
  "x".repeat(900),
  "NaN",
  "-0",
];

type Random = () => number;
type Made = readonly [verdict: Verdict, value: string | Uint8Array | null, key?: Uint8Array | null];

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
const below = (random: Random, limit: number): number => Math.floor(random() * limit);

function bytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(random, 256));
}

const numbers = [
  "0",
  "-0",
  "1e30",
  "-1e30",
  "1e-320",
  "5e-324",
  "41.25",
  "1E5",
  "123456789012345678901234567890",
];

const kinds: Readonly<Record<string, (random: Random) => Made>> = {
  "random bytes": (random) => ["open", bytes(random, below(random, 200))],
  "a truncated document": (random) => {
    const whole = '{"value":12.5,"unit":"°C","nested":{"a":[1,2,{"b":null}]}}';
    return ["bad", Buffer.from(whole).subarray(0, below(random, Buffer.byteLength(whole)))];
  },
  "a flipped bit": (random) => {
    const whole = Buffer.from(`{"value":${random()},"unit":"celsius"}`);
    const at = below(random, whole.length);
    whole[at] = whole[at]! ^ (1 << below(random, 8));
    return ["open", whole];
  },
  "deep nesting": (random) => {
    const depth = below(random, 5000);
    return ["bad", pick(random, ["[", '{"a":', '{"value":[']).repeat(depth + 1)];
  },
  "deep nesting beside a value": (random) => {
    const depth = below(random, 2000);
    return ["open", `{"deep":${"[".repeat(depth)}${"]".repeat(depth)},"value":${random()}}`];
  },
  "a value of another type": (random) => [
    "bad",
    `{"value":${pick(random, ['"12.5"', "true", "{}", "[]", "[1]", '""', '{"value":1}', '"NaN"'])}}`,
  ],
  "no value": (random) => [
    "bad",
    pick(random, ["{}", '{"Value":1}', '{"values":1}', '{"__proto__":{"value":1}}']),
  ],
  "no document": (random) => [
    "bad",
    pick(random, ["", " ", "5", '"text"', "null", "[1,2]", "NaN", "undefined", "{'value':1}"]),
  ],
  "a number too large": (random) => [
    "bad",
    `{"value":${pick(random, ["1e31", "-1e31", "1e999", "-1e999", "9".repeat(400)])}}`,
  ],
  "a number as nobody writes it": (random) => ["good", `{"value":${pick(random, numbers)}}`],
  "a number that is none": (random) => [
    "bad",
    `{"value":${pick(random, ["01", "+1", ".5", "1.", "0x10", "1_000", "Infinity", "-", "1e"])}}`,
  ],
  "a missing value": () => ["good", '{"value":null}'],
  "a name twice": (random) => ["good", `{"value":"x","value":${random()}}`],
  escapes: (random) => ["good", `{"v\\u0061lue":${random()},"text":"\\ud83c\\udf0a \\"\\\\"}`],
  "white space": (random) => ["good", ` \t\r\n{ "value" : ${random()} }\n`],
  "names of the prototype": (random) => [
    "good",
    `{"__proto__":{"x":1},"constructor":null,"value":${random()}}`,
  ],
  "a byte order mark": (random) => ["good", `\ufeff{"value":${random()}}`],
  "a byte order mark inside": (random) => ["bad", `{\ufeff"value":${random()}}`],
  "UTF-16": (random) => ["bad", Buffer.from(`{"value":${random()}}`, "utf16le")],
  "bytes that are no UTF-8": (random) => [
    "open",
    Buffer.concat([Buffer.from('{"text":"'), bytes(random, 8), Buffer.from('","value":1}')]),
  ],
  "a tombstone": () => ["bad", null],
  "no key": (random) => ["bad", `{"value":${random()}}`, null],
  "an empty key": (random) => ["bad", `{"value":${random()}}`, new Uint8Array(0)],
  "a key that is no UTF-8": (random) => [
    "bad",
    `{"value":${random()}}`,
    Uint8Array.of(0xc3, 0x28, below(random, 256)),
  ],
  "a key with half a character": (random) => [
    "bad",
    `{"value":${random()}}`,
    Uint8Array.of(0xed, 0xa0, 0x80),
  ],
};

const headers = (random: Random): InputRecord["headers"] =>
  Array.from({ length: below(random, 4) }, () => ({
    name: pick(random, ["trace", "", "__proto__", "undercurrent-code", "ü", "x".repeat(300)]),
    value: bytes(random, below(random, 40)),
  }));

/** Messages without end, about half of them good readings. */
export function* hostileMessages(seed: number): Generator<Message> {
  const random = uniform(seed);
  const names = Object.keys(kinds);
  for (let offset = 0; ; offset++) {
    const key = Buffer.from(pick(random, keys));
    const ordinary = 1.7e12 + 1000 * offset;
    const timestamp =
      random() < 0.8 ? ordinary : pick(random, [1.7e12, 0, -1, 8.64e15, ordinary - 86_400_000]);
    // A record without a timestamp has -1, and its time is the timestamp.
    const verdictOf = (verdict: Verdict): Verdict => (timestamp === -1 ? "bad" : verdict);
    const hasHeaders = random() < 0.1;
    const rest = { offset, timestamp, headers: hasHeaders ? headers(random) : [] };
    if (random() < 0.5) {
      const value = Buffer.from(`{"value":${(20 + 5 * Math.sin(offset / 500) + random()).toFixed(3)}}`);
      yield { record: { ...rest, key, value }, verdict: verdictOf("good"), kind: "a reading" };
      continue;
    }
    const kind = pick(random, names);
    const [verdict, value, otherKey] = kinds[kind]!(random);
    const record = {
      ...rest,
      key: otherKey === undefined ? key : otherKey,
      value: typeof value === "string" ? Buffer.from(value) : value,
    };
    yield { record, verdict: verdictOf(verdict), kind };
  }
}
