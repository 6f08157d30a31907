import fc from "fast-check";
import { bufferCount, delay, filter, map, mergeMap, pipe, take } from "rxjs";
import { describe, expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import type { ForecasterOptions } from "../../../src/forecast/settings.js";
import type { Operators } from "../../../src/pipeline/operator.js";
import type { InputRecord } from "../../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import { systemClock } from "../../../src/pipeline/clock.js";
import { Stage, type StageOutput } from "../../../src/pipeline/task/stage.js";
import { UserSteps } from "../../../src/pipeline/task/user-steps.js";
import type { Rejection, Telemetry } from "../../../src/pipeline/telemetry.js";
import { quick } from "../../support/streams.js";
import { bytes, header, jsonRecord, mixedRecords, start, text } from "../records.js";

const origin = { topic: "readings", partition: 2 };

interface Made {
  readonly stage: Stage;
  readonly rejections: Rejection[];
  readonly forecasts: () => number;
}

function make(options: PipelineOptions = {}, operators: Operators = {}, model: ForecasterOptions = {}): Made {
  const rejections: Rejection[] = [];
  let forecasts = 0;
  const telemetry: Telemetry = {
    forecasts: ({ count }) => void (forecasts += count),
    rejection: (rejection) => void rejections.push(rejection),
    update: () => undefined,
  };
  const settings = pipelineSettings(options);
  const forecaster = new Forecaster(modelSettings({ ...quick, hidden: 4, ...model }, settings.decode));
  const cancelled = new AbortController().signal;
  const steps = new UserSteps(operators, { timeoutMs: 1000, clock: systemClock, origin, cancelled });
  const stage = new Stage(forecaster, settings, origin, { steps, telemetry });
  return { stage, rejections, forecasts: () => forecasts };
}

/** Everything that a stage makes of records that come in pieces of the given sizes (the last repeats). */
function processed(stage: Stage, records: readonly InputRecord[], sizes: readonly number[]): StageOutput {
  const outputs: StageOutput[] = [];
  for (let at = 0, piece = 0; at < records.length; piece++) {
    const size = sizes[Math.min(piece, sizes.length - 1)]!;
    outputs.push(stage.process(records.slice(at, at + size)));
    at += size;
  }
  return {
    taken: records.length,
    forecasts: outputs.flatMap(({ forecasts }) => forecasts),
    incidents: outputs.flatMap(({ incidents }) => incidents),
    deadLetters: outputs.flatMap(({ deadLetters }) => deadLetters),
    routed: outputs.flatMap(({ routed }) => routed),
  };
}

const keysOf = ({ forecasts }: StageOutput): (string | null)[] => forecasts.map(({ key }) => text(key));

describe("a stage", () => {
  test("makes one forecast or dead letter of each record, in order, with its key, headers and timestamp", () => {
    const records = mixedRecords(200).map((record) => ({
      ...record,
      headers: [{ name: "offset", value: bytes(String(record.offset)) }],
    }));
    const { stage, rejections, forecasts } = make();
    const output = stage.process(records);
    const offsets = (part: StageOutput["forecasts"]): number[] =>
      part.map((record) => Number(header(record, "offset")));
    const readable = records.filter(({ offset }) => offset % 17 !== 3);
    expect(offsets(output.forecasts)).toEqual(readable.map(({ offset }) => offset));
    expect(output.forecasts.map(({ timestamp }) => timestamp)).toEqual(
      readable.map(({ timestamp }) => timestamp),
    );
    expect(offsets(output.deadLetters)).toEqual(
      records.filter(({ offset }) => offset % 17 === 3).map(({ offset }) => offset),
    );
    expect(forecasts()).toBe(output.forecasts.length);
    expect(rejections.map(({ origin: from }) => from).slice(0, 2)).toEqual(["readings/2@3", "readings/2@20"]);
    const message = JSON.parse(text(output.forecasts[30]!.value)!) as Record<string, unknown>;
    expect(Object.keys(message)[0]).toBe("key");
  });

  test("makes the same bytes however records are cut into batches, whatever the policy on late ones", () => {
    const records = mixedRecords(150);
    for (const late of ["process", "drop", "dead-letter"] as const) {
      const whole = processed(make({ late }).stage, records, [records.length]);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (sizes) => {
          expect(processed(make({ late }).stage, records, sizes)).toEqual(whole);
        }),
        { numRuns: 10 },
      );
    }
  });

  test("sends a value that is too long to the dead letters with its size, and reads the one a byte shorter", () => {
    const values = ['{"value":1}', '{"value":12}', '{"value":2}'];
    const records = values.map((value, offset) => ({ ...jsonRecord(offset, "a", 0), value: bytes(value) }));
    const { forecasts, deadLetters } = make({ decode: { maxValueBytes: 11 } }).stage.process(records);
    expect(forecasts.length).toBe(2);
    expect(deadLetters.map(({ value }) => text(value))).toEqual(['{"value":12}']);
    expect(header(deadLetters[0]!, "undercurrent-reason")).toMatch(/has 12 bytes/);
  });

  test("makes the same bytes however records are cut where keys are forgotten, and what is late with them", () => {
    const records = Array.from({ length: 120 }, (_, offset) => {
      const key = `key-${Math.floor(offset / 6) - (offset % 11)}`;
      const late = offset % 5 === 0 ? 40_000 : 0;
      const value = offset % 23 === 1 ? null : Math.sin(offset);
      return jsonRecord(offset, key, { value }, start + 1000 * offset - late);
    });
    for (const late of ["process", "drop", "dead-letter"] as const) {
      const bounded = (): Stage => make({ late }, {}, { maxKeys: 6 }).stage;
      const whole = processed(bounded(), records, [records.length]);
      expect(whole.deadLetters.length > 0).toBe(late === "dead-letter");
      expect(keysOf(whole)).toEqual(
        whole.forecasts.map(({ value }) => (JSON.parse(text(value)!) as { key: string }).key),
      );
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (sizes) => {
          expect(processed(bounded(), records, sizes)).toEqual(whole);
        }),
        { numRuns: 4 },
      );
    }
  });

  test("takes more records at once than it has had room for", () => {
    const records = mixedRecords(3000);
    const [whole, pieces] = [make(), make()];
    expect(whole.stage.process(records)).toEqual(processed(pieces.stage, records, [500]));
    expect(whole.forecasts()).toBe(pieces.forecasts());
  });

  test("takes records that are numbers, with the record's own key and time", () => {
    const records = mixedRecords(40).map((record) => ({ ...record, value: bytes(`${record.offset}`) }));
    const { stage } = make({ decode: { format: "number" } });
    const { forecasts, deadLetters } = stage.process(records);
    expect(deadLetters).toEqual([]);
    const values = forecasts.map((record) => (JSON.parse(text(record.value)!) as { value: number }).value);
    expect(values).toEqual(records.map(({ offset }) => offset));
  });

  test("replays in silence what it would have processed", () => {
    const records = mixedRecords(150);
    const whole = processed(make({ late: "drop" }).stage, records, [7]);
    const { stage, rejections, forecasts } = make({ late: "drop" });
    stage.replay(records.slice(0, 100));
    expect(rejections).toEqual([]);
    expect(forecasts()).toBe(0);
    const tail = stage.process(records.slice(100));
    expect(tail.forecasts).toEqual(whole.forecasts.slice(-tail.forecasts.length));
  });

  test("makes the same of records that it reads from their bytes and of readings for operators", () => {
    const texts = [
      '{"value":1.5}',
      '{"value":"x"}',
      '{"value":1,"value":2}',
      '{"value":-0}',
      '{"value":1e400}',
      "{",
    ];
    const record = fc.record({
      key: fc.constantFrom(bytes("a"), bytes("\u00fc"), Uint8Array.of(255), bytes(""), null),
      value: fc.constantFrom(...texts.map(bytes), bytes('{"value":null}'), bytes('{"v\\u0061lue":3}'), null),
      timestamp: fc.constantFrom(-1, start, start + 1000),
    });
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 60 }),
        fc.constantFrom("process", "dead-letter"),
        (parts, late) => {
          const records = parts.map((part, offset) => ({ ...jsonRecord(offset, "a", 0), ...part }));
          const scanning = make({ late });
          const decoding = make({ late }, { before: map((reading) => reading) });
          expect(scanning.stage.process(records)).toEqual(decoding.stage.process(records));
          expect(scanning.rejections).toEqual(decoding.rejections);
        },
      ),
      { numRuns: 20 },
    );
  });

  const events = [
    jsonRecord(0, "a", { value: 1 }, start + 1000),
    jsonRecord(1, "a", { value: 2 }, start),
    jsonRecord(2, "b", { value: 3 }, start),
    jsonRecord(3, "a", { value: 4 }, start + 1000),
  ];

  test("forecasts from late events by default", () => {
    const { stage, rejections } = make();
    expect(keysOf(stage.process(events))).toEqual(["a", "a", "b", "a"]);
    expect(rejections).toEqual([]);
  });

  test("counts late events that it drops; the same time again is not late, nor is another key's", () => {
    const { stage, rejections } = make({ late: "drop" });
    const output = stage.process(events);
    expect(keysOf(output)).toEqual(["a", "b", "a"]);
    expect(output.deadLetters).toEqual([]);
    expect(rejections).toMatchObject([{ code: "EVENT_LATE", origin: "readings/2@1" }]);
  });

  test("sends late events to the dead letters", () => {
    const output = make({ late: "dead-letter" }).stage.process(events);
    expect(keysOf(output)).toEqual(["a", "b", "a"]);
    expect(output.deadLetters.map((letter) => header(letter, "undercurrent-code"))).toEqual(["EVENT_LATE"]);
  });

  test("lets no missing value before a key's first value make an event late", () => {
    const { stage } = make({ late: "drop" });
    stage.process([jsonRecord(0, "a", { value: null }, start + 1000)]);
    const output = stage.process([jsonRecord(1, "a", { value: 1 }, start)]);
    expect(keysOf(output)).toEqual(["a"]);
  });
});

describe("a stage with features", () => {
  const records = Array.from({ length: 600 }, (_, i) =>
    jsonRecord(i, "a", { value: Math.sin(i / 3), outside: Math.cos(i / 5) }),
  );
  const decode = { features: ["outside"] };

  test("forecasts from them, and puts a record whose feature is of the wrong type among the dead letters", () => {
    const broken = jsonRecord(600, "a", { value: 1, outside: "warm" });
    const output = make({ decode }).stage.process([...records, broken]);
    expect(output.forecasts).toHaveLength(600);
    expect(output.forecasts).not.toEqual(make().stage.process(records).forecasts);
    expect(output.deadLetters.map((letter) => header(letter, "undercurrent-code"))).toEqual([
      "VALUE_NOT_A_NUMBER",
    ]);
    expect(header(output.deadLetters[0]!, "undercurrent-reason")).toBe(
      'the feature at "outside" is the text "warm"',
    );
  });

  test("takes those that an operator fills in for those at paths", () => {
    const before: Operators["before"] = map((reading) => ({
      ...reading,
      features: [(reading.document as { readonly outside: number }).outside],
    }));
    const filled = make({}, { before }, { featureCount: 1 }).stage.process(records);
    expect(filled).toEqual(make({ decode }).stage.process(records));
  });

  test("checks what an operator fills in", () => {
    const before: Operators["before"] = map((reading) => ({ ...reading, features: [Infinity] }));
    const { deadLetters } = make({}, { before }, { featureCount: 1 }).stage.process(records.slice(0, 1));
    expect(header(deadLetters[0]!, "undercurrent-reason")).toBe("feature 0 is Infinity");
  });
});

describe("operators around the forecast", () => {
  const records = Array.from({ length: 20 }, (_, i) =>
    jsonRecord(i, `key-${i % 2}`, { value: i, site: "A" }),
  );

  test("filter, change and multiply readings before it", () => {
    const before = pipe(
      filter((reading: { key: string }) => reading.key === "key-1"),
      mergeMap((reading) => [reading, { ...reading, key: "both" }]),
    ) as unknown as NonNullable<Operators["before"]>;
    const output = make({}, { before }).stage.process(records);
    const keys = output.forecasts.map(
      ({ value }) => (JSON.parse(text(value)!) as { readonly key: string }).key,
    );
    expect(keys.slice(0, 4)).toEqual(["key-1", "both", "key-1", "both"]);
    expect(keys).toHaveLength(20);
    expect(output.deadLetters).toEqual([]);
  });

  test("may read the whole document, and what they make unreadable becomes a dead letter", () => {
    const before: Operators["before"] = map((reading) => ({
      ...reading,
      value: (reading.document as { readonly value: number }).value === 3 ? Infinity : reading.value,
    }));
    const output = make({}, { before }).stage.process(records);
    expect(output.forecasts).toHaveLength(19);
    expect(output.deadLetters.map((letter) => header(letter, "undercurrent-offset"))).toEqual(["3"]);
  });

  test("route records made from forecasts", () => {
    const after: Operators["after"] = pipe(
      filter((forecast) => forecast.value > 17),
      map((forecast) => ({
        topic: "alerts",
        record: { ...forecast.event.record, value: bytes(forecast.model) },
      })),
    );
    const { routed } = make({}, { after }).stage.process(records);
    expect(routed.map(({ topic, record }) => [topic, text(record.key)])).toEqual([
      ["alerts", "key-0"],
      ["alerts", "key-1"],
    ]);
    expect(text(routed[0]!.record.value)).toMatch(/^lstm4@\d+$/);
  });

  test.each<[string, Operators["before"]]>([
    [
      "throws",
      map(() => {
        throw new Error("no such site");
      }),
    ],
    ["completes", take(3)],
    ["waits", delay(0)],
  ])("end the task when one %s", async (_, before) => {
    const { stage } = make({}, { before: before! });
    const processing = (async () => {
      stage.process(records.slice(0, 5));
      await new Promise((resolve) => setTimeout(resolve, 5));
      stage.process(records.slice(5));
    })();
    await expect(processing).rejects.toMatchObject({ code: "OPERATOR_FAILED" });
  });

  test("give back what they emit at once, even from several readings", () => {
    const before: Operators["before"] = pipe(
      bufferCount(2),
      map(([, second]) => second!),
    );
    expect(make({}, { before }).stage.process(records).forecasts).toHaveLength(10);
  });
});

describe("a stage whose records hold several series", () => {
  const decode = {
    series: [
      { name: "a", value: "a" },
      { name: "b", value: "b", features: ["a"] },
    ],
  };
  const several = (count: number): InputRecord[] =>
    Array.from({ length: count }, (_, offset) =>
      jsonRecord(
        offset,
        `key-${offset % 3}`,
        // Numbers in text and escapes are read by the decoder, everything else by the scan.
        offset % 11 === 4
          ? { a: Math.sin(offset), b: "x" }
          : { a: Math.sin(offset), b: offset, "\u00fc\n": 1 },
        start + 1000 * (offset % 19 === 7 ? offset - 60 : offset),
      ),
    );
  const messages = ({ forecasts }: StageOutput): unknown[] =>
    forecasts.map(({ value }) => JSON.parse(text(value)!) as unknown);

  test("forecasts each in the order of the settings, and sends a record once to the dead letters", () => {
    const { stage, rejections } = make({ decode });
    const records = [
      jsonRecord(0, "k", { a: 1, b: 2 }),
      jsonRecord(1, "k", { a: 3, b: "x" }),
      jsonRecord(2, "k", {}),
    ];
    const output = stage.process(records);
    expect(messages(output)).toMatchObject([
      { key: "k/a", value: 1 },
      { key: "k/b", value: 2 },
      { key: "k/a", value: 3 },
    ]);
    expect(keysOf(output)).toEqual(["k", "k", "k"]);
    expect(
      output.deadLetters.map((letter) => [text(letter.value), header(letter, "undercurrent-series")]),
    ).toEqual([
      ['{"a":3,"b":"x"}', '["b"]'],
      ["{}", '["a","b"]'],
    ]);
    expect(header(output.deadLetters[1]!, "undercurrent-reason")).toMatch(
      /^a: the record has no value .* \(and 1 more of its readings\)$/,
    );
    expect(rejections.map(({ message }) => message.slice(0, 2))).toEqual(["b:", "a:", "b:"]);
  });

  test("makes the same of them wherever they are cut, with an operator or without, and after a replay", () => {
    const records = several(150);
    const run = (sizes: readonly number[], operators: Operators = {}): StageOutput =>
      processed(make({ decode, late: "dead-letter" }, operators, { maxKeys: 5 }).stage, records, sizes);
    const whole = run([150]);
    expect(whole.forecasts.length).toBeGreaterThan(200);
    const once = new Set(whole.deadLetters.map((letter) => header(letter, "undercurrent-offset")));
    expect(once.size).toBe(whole.deadLetters.length);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }), (sizes) => {
        expect(run(sizes)).toEqual(whole);
      }),
      { numRuns: 10 },
    );
    expect(run([40], { before: map((reading) => reading) })).toEqual(whole);
    const { stage } = make({ decode, late: "dead-letter" }, {}, { maxKeys: 5 });
    stage.replay(records.slice(0, 70));
    const later = stage.process(records.slice(70)).forecasts;
    expect(later).toEqual(whole.forecasts.slice(-later.length));
  });

  test("counts skipped records, and makes neither a forecast nor a dead letter of them", () => {
    const { stage, rejections } = make({
      decode: { ...decode, skip: [{ field: "op", in: ["d", 3] }], tombstones: "skip" },
    });
    const output = stage.process([
      { ...jsonRecord(0, "k", null), value: null },
      jsonRecord(1, "k", { op: "d" }),
      jsonRecord(2, "k", { op: 3 }),
      jsonRecord(3, "k", { op: "c", a: 1, b: 1 }),
    ]);
    expect(output.forecasts).toHaveLength(2);
    expect(output.deadLetters).toEqual([]);
    expect(rejections.map(({ code }) => code)).toEqual(Array(3).fill("RECORD_SKIPPED"));
  });
});
