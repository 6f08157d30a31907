/** Times the pipeline's middle on one core without a broker: bytes of records in, bytes of forecasts out, and its parts. */
import avsc from "avsc";
import { openFormat } from "../../src/adapters/schemas/index.js";
import { PrometheusTelemetry } from "../../src/adapters/prometheus/telemetry.js";
import { timedEngine } from "../../src/adapters/prometheus/timed-engine.js";
import { tuneV8 } from "../../src/cli/v8.js";
import { wasmEngine } from "../../src/engine/wasm/engine.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecastColumns } from "../../src/forecast/columns.js";
import type { ForecasterOptions, ForecasterSettings } from "../../src/forecast/settings.js";
import { decoder } from "../../src/pipeline/decode/decode.js";
import { ForecastEncoder } from "../../src/pipeline/encode/encode.js";
import { ObservationBatch } from "../../src/pipeline/task/observation-batch.js";
import type { InputRecord } from "../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings } from "../../src/pipeline/settings.js";
import { Stage } from "../../src/pipeline/task/stage.js";
import { cpuMs, median, type Figure } from "./figures.js";
import { decode, readingSource } from "./kafka-topics.js";

const keys = 1000;
const batch = 5000;
/** Batches before learning has settled, where the share of windows that are learned from hardly falls any more. */
const settling = 450;
const batches = 20;
const rounds = 5;

/** Further records as a client has them: slices of what was fetched. */
function fetched(source: ReturnType<typeof readingSource>): InputRecord[] {
  const messages = source(batch).map(({ key, value }) => ({ key: String(key), value: String(value) }));
  const bytes = Buffer.from(messages.map(({ key, value }) => key + value).join(""));
  let at = 0;
  const slice = (text: string): Buffer => bytes.subarray(at, (at += text.length));
  return messages.map(({ key, value }, offset) => ({
    offset,
    // Windows refuse an event that is far ahead of its record.
    timestamp: Date.parse((JSON.parse(value) as { time: string }).time),
    key: slice(key),
    value: slice(value),
    headers: [],
  }));
}

/** Microseconds of CPU of an event in each part of the way, in the order of the way. */
interface Parts {
  whole: number;
  parse: number;
  read: number;
  forecast: number;
  encode: number;
}

class Bench {
  readonly #source = readingSource(keys, 1);
  readonly #whole: Forecaster;
  readonly #stage: Stage;
  readonly #settings = pipelineSettings({ decode });
  readonly #model: ForecasterSettings;

  constructor(model: ForecasterOptions) {
    this.#model = modelSettings(model, this.#settings.decode);
    this.#whole = new Forecaster(this.#model);
    this.#stage = new Stage(this.#whole, this.#settings, { topic: "readings", partition: 0 });
  }

  /** Microseconds of CPU that an event takes, over so many batches. */
  run(count: number): number {
    let elapsed = 0;
    for (let i = 0; i < count; i++) {
      const some = fetched(this.#source);
      const began = cpuMs();
      this.#stage.process(some);
      elapsed += cpuMs() - began;
    }
    return (1000 * elapsed) / (count * batch);
  }

  /** One round: the whole, and the parts one after the other, on a forecaster that goes on from the same state. */
  round(): Parts {
    const apart = new Forecaster(this.#model);
    apart.restore(this.#whole.snapshot());
    const intake = new ObservationBatch(apart, this.#settings);
    const encoder = new ForecastEncoder(apart, { topic: "readings", partition: 0 });
    const columns = forecastColumns(batch, apart.settings.horizon);
    const parse = decoder(this.#settings.decode);
    const parts: Parts = { whole: 0, parse: 0, read: 0, forecast: 0, encode: 0 };
    const timed = (part: keyof Parts, run: () => void): void => {
      const began = cpuMs();
      run();
      parts[part] += (1000 * (cpuMs() - began)) / (batch * batches);
    };
    for (let i = 0; i < batches; i++) {
      const some = fetched(this.#source);
      timed("whole", () => void this.#stage.process(some));
      timed("parse", () => some.forEach((record) => void parse(record)));
      intake.clear();
      timed("read", () =>
        some.forEach((record) => {
          intake.reader.read(record);
          intake.takeSeries(0);
        }),
      );
      timed("forecast", () => apart.observe(intake.columns, columns));
      timed("encode", () => void encoder.records(columns, intake.records));
    }
    apart.dispose();
    return parts;
  }

  dispose(): void {
    this.#whole.dispose();
  }
}

/** What metrics add to the whole: two stages on the same records, one with telemetry, whose batches take turns. */
function measuredCost(model: ForecasterOptions): number {
  const settings = pipelineSettings({ decode });
  const forecasterSettings = modelSettings(model, settings.decode);
  const source = readingSource(keys, 2);
  const prometheus = new PrometheusTelemetry({
    version: "bench",
    model: "bench",
    level: 0.9,
    keys: () => keys,
  });
  const plain = new Forecaster(forecasterSettings);
  const engine = timedEngine(wasmEngine, (seconds) => prometheus.learned(seconds));
  const told = new Forecaster(forecasterSettings, engine, {
    onUpdate: (update) => prometheus.update(update),
  });
  const origin = { topic: "readings", partition: 0 };
  const stages = [
    new Stage(plain, settings, origin),
    new Stage(told, settings, origin, { telemetry: prometheus }),
  ];
  for (let i = 0; i < settling; i++) stages[0]!.process(fetched(source));
  told.restore(plain.snapshot());
  const ratios: number[] = [];
  for (let i = 0; i < 10 * batches; i++) {
    const some = fetched(source);
    const times = [0, 0];
    // Whichever comes second finds the records in the cache.
    for (const which of i % 2 === 0 ? [0, 1] : [1, 0]) {
      const began = cpuMs();
      stages[which]!.process(some);
      times[which] = cpuMs() - began;
    }
    ratios.push(times[1]! / times[0]!);
  }
  plain.dispose();
  told.dispose();
  return median(ratios) - 1;
}

/** Records of other shapes: microseconds of a record over the whole way, and to read it alone. */
async function shapeCosts(model: ForecasterOptions): Promise<Figure[]> {
  const { round, sin } = Math;
  let n = 0;
  const fields = (): { sensor: string; at: number; a: number; b: number; c: number } => {
    const i = n++;
    const at = 1_772_359_205_000 + 10 * i;
    const wave = round(1000 * sin(i / 9000)) / 1000;
    return { sensor: `sensor-${i % keys}`, at, a: 20 + wave, b: i % 77, c: 1 - wave };
  };
  const schema = {
    type: "record",
    name: "Reading",
    fields: [
      { name: "sensor", type: "string" },
      { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
      { name: "a", type: ["null", "double"] },
      { name: "unit", type: { type: "enum", name: "Unit", symbols: ["C", "K"] } },
    ],
  };
  const avro = avsc.Type.forSchema(schema as avsc.Schema);
  const shapes = [
    {
      name: "three_measures",
      decode: { key: "sensor", time: "at", series: { a: "a", b: "b", c: "c" } },
      value: (): Buffer => Buffer.from(JSON.stringify(fields())),
    },
    {
      name: "avro",
      decode: { format: "avro" as const, key: "sensor", time: "at", value: "a" },
      value: (): Buffer => avro.toBuffer({ ...fields(), unit: "C" }),
      format: await openFormat({ format: "avro", schema: JSON.stringify(schema) }),
    },
  ];
  return shapes.flatMap(({ name, decode: of, value, format }) => {
    const settings = pipelineSettings({ decode: of });
    const forecaster = new Forecaster(modelSettings(model, settings.decode));
    const stage = new Stage(forecaster, settings, { topic: "readings", partition: 0 }, { format });
    const intake = new ObservationBatch(forecaster, settings, format);
    const some = (): InputRecord[] =>
      Array.from({ length: batch }, (_, offset) => ({
        offset,
        timestamp: offset,
        key: null,
        value: value(),
        headers: [],
      }));
    for (let i = 0; i < settling / 3; i++) stage.process(some());
    const [whole, read] = [[] as number[], [] as number[]];
    for (let i = 0; i < batches; i++) {
      const records = some();
      const began = cpuMs();
      stage.process(records);
      whole.push((1000 * (cpuMs() - began)) / batch);
      intake.clear();
      const reading = cpuMs();
      for (const record of records) {
        const count = intake.reader.read(record);
        for (let series = 0; series < count; series++) intake.takeSeries(series);
      }
      read.push((1000 * (cpuMs() - reading)) / batch);
    }
    forecaster.dispose();
    const figure = (part: string, values: readonly number[]): Figure => ({
      name: `${name}_${part}_us`,
      value: median(values),
      unit: "µs/record",
      peer: "",
      ratio: NaN,
    });
    return [figure("bytes_to_bytes", whole), figure("bytes_to_columns", read)];
  });
}

/** Raw events of 1,000 keys that become a mean per minute, `perWindow` of each key: microseconds of an event. */
export function windowCost(model: ForecasterOptions, perWindow: number): Figure {
  const settings = pipelineSettings({ decode });
  const aggregate = { every: "1m", by: "mean", grace: "5s" };
  const forecaster = new Forecaster(modelSettings({ ...model, aggregate }, settings.decode));
  const stage = new Stage(forecaster, settings, { topic: "readings", partition: 0 });
  const source = readingSource(keys, 3, 0, 60_000 / perWindow / keys);
  for (let i = 0; i < settling; i++) stage.process(fetched(source));
  const [times, rows] = [[] as number[], { forecasts: 0 }];
  // Whole minutes, so that the forecasts of the windows have their share.
  const minute = (keys * perWindow) / batch;
  for (let i = 0; i < 5; i++) {
    let elapsed = 0;
    for (let piece = 0; piece < minute; piece++) {
      const some = fetched(source);
      const began = cpuMs();
      rows.forecasts += stage.process(some).forecasts.length;
      elapsed += cpuMs() - began;
    }
    times.push((1000 * elapsed) / (minute * batch));
  }
  forecaster.dispose();
  if (rows.forecasts !== 5 * keys) throw new Error(`expected ${5 * keys} forecasts, found ${rows.forecasts}`);
  return { name: "windows_1m_us", value: median(times), unit: "µs/raw event", peer: "", ratio: NaN };
}

/**
 * Readings of 1,000 keys in batches of 5,000, learning on: what an event costs a new model, and then one that has
 * settled, in whole and in parts.
 */
export async function benchPipeline(model: ForecasterOptions): Promise<Figure[]> {
  // As the command does.
  tuneV8();
  const bench = new Bench({ readout: "shared", ...model });
  bench.run(2);
  const young = bench.run(batches);
  bench.run(settling);
  const runs = Array.from({ length: rounds }, () => bench.round());
  bench.dispose();
  const of = (part: keyof Parts): number => median(runs.map((run) => run[part]));
  const figure = (name: string, value: number, peer = "", ratio = NaN): Figure => ({
    name,
    value,
    unit: "µs/event",
    peer,
    ratio,
  });
  return [
    figure("bytes_to_bytes_us", of("whole")),
    figure("bytes_to_bytes_new_model_us", young),
    figure(
      "bytes_to_columns_us",
      of("read"),
      `JSON.parse ${of("parse").toPrecision(3)}`,
      of("parse") / of("read"),
    ),
    figure("observe_us", of("forecast")),
    figure("forecasts_to_bytes_us", of("encode")),
    ...(await shapeCosts({ readout: "shared", ...model })),
    windowCost({ readout: "shared", ...model }, 60),
    {
      name: "metrics_cost",
      value: 100 * measuredCost({ readout: "shared", ...model }),
      unit: "% of the whole",
      peer: "",
      ratio: NaN,
    },
  ];
}
