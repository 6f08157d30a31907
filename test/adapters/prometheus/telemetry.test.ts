/** The Prometheus exporter: names by convention, values that follow from the rows, no memory of keys. */
import { describe, expect, it } from "vitest";
import { metrics, seriesMetrics } from "../../../src/adapters/prometheus/metrics.js";
import { timedEngine } from "../../../src/adapters/prometheus/timed-engine.js";
import { wasmEngine } from "../../../src/engine/wasm/engine.js";
import { forecastColumns } from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { PrometheusTelemetry } from "../../../src/adapters/prometheus/telemetry.js";
import type { ForecastBatch } from "../../../src/pipeline/telemetry.js";
import { telemetryContract } from "../../contracts/telemetry.js";
import { ofScores, ordinary, told, trackerOf } from "../../support/incidents.js";
import { bitsOf, run, syntheticEvents } from "../../support/streams.js";

function create(): PrometheusTelemetry {
  return new PrometheusTelemetry({ version: "0.1.0", model: "gru32", level: 0.9, keys: () => 3 });
}

/** The value of a sample in the text format. */
async function sample({ registry }: PrometheusTelemetry, name: string): Promise<number> {
  const line = (await registry.metrics()).split("\n").find((text) => text.startsWith(`${name} `));
  return Number(line?.split(" ").at(-1));
}

/** Rows of one key each: value, expected, previous, lower, upper. */
function batch(rows: readonly (readonly [number, number, number, number, number])[]): ForecastBatch {
  const columns = forecastColumns(rows.length);
  rows.forEach(([value, expected, previous, lower, upper], row) => {
    columns.slots[row] = row;
    columns.values[row] = value;
    columns.expected[row] = expected;
    columns.previous[row] = previous;
    columns.expectedLower[row] = lower;
    columns.expectedUpper[row] = upper;
    columns.anomalyScore[row] = NaN;
    columns.yhat[row] = value;
  });
  return { count: rows.length, columns, keyOf: (slot) => `key ${slot}` };
}

telemetryContract("PrometheusTelemetry", () => {
  const telemetry = create();
  return {
    telemetry,
    events: () => sample(telemetry, "undercurrent_events_total"),
    rejections: (code) => sample(telemetry, `undercurrent_rejections_total{code="${code}"}`),
    version: () => sample(telemetry, "undercurrent_model_version"),
    report: () => telemetry.registry.metrics(),
  };
});

describe("the declarations", () => {
  it("follow the naming conventions: counters end in _total, gauges do not, all help is a sentence", () => {
    for (const [name, { type, help }] of Object.entries(metrics)) {
      expect(name).toMatch(/^undercurrent_[a-z_]+$/);
      expect(name.endsWith("_total"), name).toBe(type === "counter");
      expect(help, name).toMatch(/^[A-Z].*\.$/);
      expect(help, name).not.toMatch(/\n/);
    }
  });

  it("are all exported, with their help and type, and nothing else is", async () => {
    const text = await create().registry.metrics();
    for (const [name, { type, help }] of Object.entries(metrics)) {
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    }
    expect(text.match(/^# TYPE /gm)).toHaveLength(Object.keys(metrics).length);
  });
});

describe("PrometheusTelemetry", () => {
  it("counts opened incidents by kind and severity band, from 0 on, and none that is muted or only goes on", async () => {
    const telemetry = create();
    const counted = (kind: string, band: string): Promise<number> =>
      sample(telemetry, `undercurrent_incidents_opened_total{kind="${kind}",severity_band="${band}"}`);
    expect(await counted("level shift", "medium")).toBe(0);
    const tracker = trackerOf();
    const notes = told(tracker, ofScores([2.5, 3.5, ...ordinary(70)])).map(
      ({ change, incident, position }) => ({
        ...{ row: position, slot: 0, time: 0, change, incident },
      }),
    );
    const muted = notes.map((note) => ({ ...note, incident: { ...note.incident, muted: true } }));
    const mild = notes.map((note) => ({ ...note, incident: { ...note.incident, severity: 5.9 } }));
    for (const incidents of [notes, muted, mild]) telemetry.forecasts({ ...batch([]), incidents });
    expect(notes.map(({ change }) => change)).toEqual(["opened", "updated", "closed"]);
    expect(await counted("spike", "medium")).toBe(1);
    expect(await counted("spike", "low")).toBe(1);
    expect(await counted("spike", "high")).toBe(0);
  });

  it("counts incidents of groups, and asks for the open ones by what they are of", async () => {
    const telemetry = new PrometheusTelemetry({
      ...{ version: "0.1.0", model: "gru32", level: 0.9, keys: () => 1 },
      openIncidents: () => ({ keys: 4, silences: 3, groups: 2, waitingSilences: 1 }),
    });
    const [opened] = told(trackerOf(), ofScores([2.5]));
    const note = { row: 0, time: 0, group: "north", change: "opened" as const, members: [] };
    telemetry.forecasts({ ...batch([]), groupIncidents: [{ ...note, incident: opened!.incident }] });
    const kind = 'undercurrent_incidents_opened_total{kind="group",severity_band="medium"}';
    expect(await sample(telemetry, kind)).toBe(1);
    for (const [scope, count] of [
      ["key", 4],
      ["silence", 3],
      ["group", 2],
    ] as const) {
      expect(await sample(telemetry, `undercurrent_incidents_open{scope="${scope}"}`)).toBe(count);
    }
    expect(await sample(telemetry, "undercurrent_silences_waiting")).toBe(1);
  });

  it("names the build and asks for the number of keys at each scrape", async () => {
    let keys = 1;
    const telemetry = new PrometheusTelemetry({
      version: "0.1.0",
      model: "gru32",
      level: 0.9,
      keys: () => keys,
    });
    expect(await sample(telemetry, "undercurrent_keys")).toBe(1);
    keys = 2;
    expect(await sample(telemetry, "undercurrent_keys")).toBe(2);
    expect(await telemetry.registry.metrics()).toContain(
      `undercurrent_build_info{version="0.1.0",nodejs="${process.version}",model="gru32"} 1`,
    );
  });

  it("reports the same skill for keys of any scale", async () => {
    // Half the error of persistence on each row, at scales twelve orders of magnitude apart.
    const rows = [1e-6, 1, 1e6].map((unit) => [10, 11, 12, 9, 13].map((number) => number * unit));
    const telemetry = create();
    telemetry.forecasts(batch(rows as unknown as [number, number, number, number, number][]));
    expect(await sample(telemetry, "undercurrent_skill_ratio")).toBeCloseTo(0.5, 10);
  });

  it("does not let one jump of a constant series decide the skill", async () => {
    const telemetry = create();
    const ordinary = Array.from({ length: 50 }, () => [10, 10.5, 11, 9, 12] as const);
    telemetry.forecasts(batch(ordinary));
    const before = await sample(telemetry, "undercurrent_skill_ratio");
    telemetry.forecasts(batch([[1e9, 0, 0, -1e-9, 1e-9]]));
    expect(await sample(telemetry, "undercurrent_skill_ratio")).toBeGreaterThan(before - 0.1);
  });

  it("gives the mean absolute error and the coverage over the rows", async () => {
    const telemetry = create();
    telemetry.forecasts(
      batch([
        [10, 11, 10, 9, 13],
        [10, 13, 10, 12, 14],
      ]),
    );
    expect(await sample(telemetry, "undercurrent_mae")).toBeCloseTo(2, 3);
    expect(await sample(telemetry, "undercurrent_interval_coverage_ratio")).toBeCloseTo(0.5, 3);
  });

  it("counts forecasts and anomalies apart from events", async () => {
    const telemetry = create();
    const rows = batch([
      [1, 1, 1, 0, 2],
      [1, 1, 1, 0, 2],
      [NaN, 1, 1, 0, 2],
    ]);
    rows.columns.yhat[2] = NaN;
    rows.columns.anomalyScore[1] = 1.01;
    telemetry.forecasts(rows);
    expect(await sample(telemetry, "undercurrent_events_total")).toBe(3);
    expect(await sample(telemetry, "undercurrent_forecasts_total")).toBe(2);
    expect(await sample(telemetry, "undercurrent_anomalies_total")).toBe(1);
  });

  it("follows the experts' shares by one key of each batch", async () => {
    const telemetry = create();
    const experts = {
      expertNames: ["cell", "persistence"],
      expertWeights: (slot: number) => Float64Array.of(0.75 + slot / 100, 0.25 - slot / 100),
    };
    telemetry.forecasts({ ...batch([[1, 1, 1, 0, 2]]), experts });
    expect(await sample(telemetry, 'undercurrent_expert_share_ratio{expert="cell"}')).toBe(0.75);
    const further = batch([
      [1, 1, 1, 0, 2],
      [1, 1, 1, 0, 2],
    ]);
    telemetry.forecasts({ ...further, experts });
    expect(await sample(telemetry, 'undercurrent_expert_share_ratio{expert="cell"}')).toBeCloseTo(0.7501, 9);
  });

  it("has series for the keys that are named and no others, until a partition is given up", async () => {
    const telemetry = new PrometheusTelemetry({
      version: "0.1.0",
      model: "gru32",
      level: 0.9,
      keys: () => 3,
      series: ["key 1", "absent"],
    });
    telemetry.forecasts(
      batch([
        [1, 1, 1, 0, 2],
        [5, 4, 1, 0, 2],
      ]),
    );
    const text = await telemetry.registry.metrics();
    expect(text).toContain('undercurrent_y{key="key 1"} 5');
    expect(text).toContain('undercurrent_yhat_of_y{key="key 1"} 4');
    expect(text).not.toContain("key 0");
    expect(text).not.toContain("absent");
    for (const name of Object.keys(seriesMetrics)) expect(text).toContain(`\n${name}{key="key 1"} `);
    telemetry.released();
    expect(await telemetry.registry.metrics()).not.toContain('key="key 1"');
  });

  it("times the updates of an engine's weights, and changes nothing else", async () => {
    const telemetry = create();
    const settings = forecasterSettings({ hidden: 4, bpttWindows: 2, bpttSteps: 4, stride: 2 });
    const events = syntheticEvents(400, 3);
    const plain = new Forecaster(settings);
    const timed = new Forecaster(
      settings,
      timedEngine(wasmEngine, (seconds) => telemetry.learned(seconds)),
    );
    expect(bitsOf(run(timed, events))).toBe(bitsOf(run(plain, events)));
    expect(await sample(telemetry, "undercurrent_learning_duration_seconds_count")).toBe(plain.version);
  });
});

it("counts forgotten keys by the setting that they had to go for, from zero on", async () => {
  const telemetry = create();
  const counts = async (): Promise<number[]> => [
    await sample(telemetry, 'undercurrent_keys_forgotten_total{reason="time_to_live"}'),
    await sample(telemetry, 'undercurrent_keys_forgotten_total{reason="maximum"}'),
  ];
  expect(await counts()).toEqual([0, 0]);
  telemetry.forgotten({ timeToLive: 3, maximum: 0 });
  telemetry.forgotten({ timeToLive: 1, maximum: 2 });
  expect(await counts()).toEqual([4, 2]);
});
