/** Times the pipeline's middle on one core without a broker: bytes of records in, bytes of forecasts out, and its parts. */
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecastColumns } from "../../src/forecast/columns.js";
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import { decoder } from "../../src/pipeline/decode.js";
import { ForecastEncoder } from "../../src/pipeline/encode.js";
import { Intake } from "../../src/pipeline/intake.js";
import type { InputRecord } from "../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings } from "../../src/pipeline/settings.js";
import { Stage } from "../../src/pipeline/stage.js";
import { median, type Figure } from "./figures.js";
import { decode, readings } from "./kafka-topics.js";

const keys = 1000;
const batch = 5000;
const batches = 20;
const rounds = 5;

/** Records as a client has them: slices of what was fetched. */
function fetched(seed: number): InputRecord[] {
  const messages = readings(batch * batches, keys, seed).map(({ key, value }) => ({
    key: String(key),
    value: String(value),
  }));
  const bytes = Buffer.from(messages.map(({ key, value }) => key + value).join(""));
  let at = 0;
  const slice = (text: string): Buffer => bytes.subarray(at, (at += text.length));
  return messages.map(({ key, value }, offset) => ({
    offset,
    timestamp: offset,
    key: slice(key),
    value: slice(value),
    headers: [],
  }));
}

/** Microseconds of an event in each part of the way, in the order of the way. */
interface Parts {
  whole: number;
  parse: number;
  read: number;
  forecast: number;
  encode: number;
}

function measure(records: readonly InputRecord[], model: ForecasterOptions): Parts {
  const settings = pipelineSettings({ decode });
  const [whole, apart] = [0, 1].map(() => new Forecaster(modelSettings(model, settings.decode)));
  const stage = new Stage(whole!, settings, { topic: "readings", partition: 0 }, {}, undefined);
  const intake = new Intake(apart!, settings);
  const encoder = new ForecastEncoder(apart!);
  const columns = forecastColumns(batch, apart!.settings.horizon);
  const parse = decoder(settings.decode);
  const parts: Parts = { whole: 0, parse: 0, read: 0, forecast: 0, encode: 0 };
  const timed = (part: keyof Parts, run: () => void): void => {
    const began = performance.now();
    run();
    parts[part] += (1000 * (performance.now() - began)) / records.length;
  };
  for (let begin = 0; begin < records.length; begin += batch) {
    const some = records.slice(begin, begin + batch);
    timed("whole", () => void stage.process(some));
    timed("parse", () => some.forEach((record) => void parse(record)));
    intake.clear();
    timed("read", () => some.forEach((record) => intake.takeRecord(record)));
    timed("forecast", () => apart!.observe(intake.columns, columns));
    timed("encode", () => void encoder.records(columns, intake.records));
  }
  stage.dispose();
  whole!.dispose();
  apart!.dispose();
  return parts;
}

/** 100,000 readings of 1,000 keys in batches of 5,000, learning on; the whole, and its parts one after the other. */
export function benchPipeline(model: ForecasterOptions): Figure[] {
  const runs: Parts[] = [];
  for (let round = 0; round <= rounds; round++) {
    const parts = measure(fetched(round + 1), { readout: "shared", ...model });
    if (round > 0) runs.push(parts);
  }
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
    figure(
      "bytes_to_columns_us",
      of("read"),
      `JSON.parse ${of("parse").toPrecision(3)}`,
      of("parse") / of("read"),
    ),
    figure("observe_us", of("forecast")),
    figure("forecasts_to_bytes_us", of("encode")),
  ];
}
