/**
 * The column forecaster: observations in, forecasts out. The settings and the order of events determine the result; the
 * batch size does not.
 */
import type { EngineFactory } from "../engine/port.js";
import { wasmEngine } from "../engine/wasm/engine.js";
import { checkWidths, observationColumns, type ForecastColumns, type ObservationColumns } from "./columns.js";
import { currentEvent, type CurrentEvent } from "./current-event.js";
import type { ExpertInput } from "./experts/expert.js";
import { expertsOf } from "./experts/experts.js";
import { Gate, type GateExample } from "./experts/gate.js";
import { Detection, type Rarity } from "./detection/detection.js";
import type { Incident, IncidentKind } from "./incidents/incidents.js";
import type { OpenGroupIncident } from "./incidents/groups/groups.js";
import type { GroupNote } from "./incidents/groups/watcher.js";
import { IncidentWatcher, type IncidentCounts, type IncidentNote } from "./incidents/watcher.js";
import { History } from "./keys/history.js";
import { Horizons } from "./horizon/horizons.js";
import { KeyReadout } from "./experts/key-readout.js";
import { KeyedForecaster } from "./keyed-forecaster.js";
import { heldFeature } from "./keys/features.js";
import { keyLayout, number } from "./keys/layout.js";
import { KeyRow } from "./keys/row.js";
import type { ForecasterListeners } from "./learning/schedule.js";
import { rowsPerStep, type SteppedRows } from "../engine/stepped-rows.js";
import { Seasons } from "./seasons/seasons.js";
import type { ForecasterSettings } from "./settings.js";
import { convertHorizons } from "./snapshot/older-horizons.js";
import { olderFormat } from "./snapshot/older-rows.js";
import { Release01 } from "./snapshot/release-0-1.js";
import {
  corruptUnlessFits,
  encodeWindows,
  type Snapshot,
  type SnapshotChange,
  type SnapshotRecord,
} from "./snapshot/snapshot.js";
import { signatureOf, signatureSum } from "./snapshot/signature.js";
import { Windows } from "./windows/windows.js";
import {
  KeyForecaster,
  writeNoForecast,
  writeNoScore,
  type KeyInspection,
  type PendingForecast,
} from "./key-forecaster.js";
import { LocalClock } from "./keys/local-clock.js";
import { initialGate } from "./learning/initial/pretrained.js";
import { valueCell } from "./learning/value-cell.js";
import { Bounds } from "./uncertainty/bounds.js";

/** Takes an event of a key that has begun; the object is reused. */
export type EventWatcher = (slot: number, event: Readonly<CurrentEvent>) => void;

const noNotes: readonly IncidentNote[] = Object.freeze([]);
const noIncidents: IncidentCounts = Object.freeze({ keys: 0, silences: 0, groups: 0, waitingSilences: 0 });
const noGroupNotes: readonly GroupNote[] = Object.freeze([]);

/**
 * Forecasts the next value of every key of one ordered stream of observations.
 *
 * @example
 * ```ts
 * const forecaster = new Forecaster(forecasterSettings());
 * const observations = observationColumns(2);
 * const forecasts = forecastColumns(2);
 * observations.slots.fill(forecaster.slotOf("pump-7"));
 * observations.times.set([0, 1000]);
 * observations.values.set([41.2, 41.3]);
 * observations.count = 2;
 * forecaster.observe(observations, forecasts);
 * forecasts.yhat[1]; // the forecast of pump-7's next value
 * forecaster.dispose();
 * ```
 */
export class Forecaster extends KeyedForecaster<ForecasterSettings, ObservationColumns, ForecastColumns> {
  /** Names of the mixture's experts, in the order of `expertWeights`. */
  readonly expertNames: readonly string[];

  readonly #history: History;
  readonly #experts: KeyForecaster;
  readonly #gate: Gate;
  readonly #bounds: Bounds;
  readonly #readout: KeyReadout | undefined;
  readonly #horizons: Horizons | undefined;
  readonly #seasons: Seasons;
  readonly #detection: Detection | undefined;
  #watcher: EventWatcher | undefined;
  #windows: Windows | undefined;
  /** Parts of the windows in the last changes, or in the snapshot restored since. */
  #windowParts = 0;
  readonly #incidents: IncidentWatcher | undefined;
  /** The event that is taken and its key, and the key of a row that was stepped: while an event is taken rows are. */
  readonly #now: CurrentEvent;
  readonly #key: KeyRow;
  readonly #stepped: KeyRow;
  /** The key that is asked for, perhaps by a listener in the middle of an event. */
  readonly #read: KeyRow;
  readonly #input: ExpertInput = { scale: 1, held: 0, readout: 0, keyReadout: 0, seasonal: 0 };

  constructor(
    settings: ForecasterSettings,
    engine: EngineFactory = wasmEngine,
    listeners: ForecasterListeners = {},
  ) {
    const experts = expertsOf(settings);
    const layout = keyLayout(settings, experts);
    const clock = new LocalClock(settings.timeZone);
    const history = new History(settings, layout, clock);
    const cell = valueCell(settings, layout, history, engine);
    const readout = settings.readout === "shared" ? undefined : new KeyReadout(settings, layout, rowsPerStep);
    const next = layout.seasonal !== undefined;
    const hasHorizons = settings.horizon > 1 || next;
    const seasons = new Seasons(settings.seasonKeys, clock, hasHorizons);
    const horizons = hasHorizons ? new Horizons(settings, { clock, seasons, next }) : undefined;
    const expertNames = experts.map((expert) => expert.name);
    const bounds = new Bounds(settings);
    const gate = new Gate(experts, settings.loss === "squared");
    gate.weights = initialGate(cell.initial, settings);
    const keyForecaster = new KeyForecaster(settings, experts, { bounds, clock, gate });
    const format1 = new Release01({
      settings,
      layout,
      expertNames,
      convertHorizons: (state, count) => convertHorizons(state, count, 1, horizons!),
      start: (f64, f32, value) => keyForecaster.start(Object.assign(new KeyRow(layout), { f64, f32 }), value),
    });
    const localOf = (time: number): number => clock.localOf(time);
    // The table of keys is part of the state, which is made of these.
    const names: Pick<Forecaster, "featureOf"> & { of: (slot: number) => string } = {
      of: String,
      featureOf: () => NaN,
    };
    const keyOf = (slot: number): string => names.of(slot);
    const featureOf = (slot: number, feature: number): number => names.featureOf(slot, feature);
    const incidents = settings.detection.enabled
      ? new IncidentWatcher({ ...settings.detection, ...settings, localOf, keyOf, featureOf })
      : undefined;
    const detection = settings.detection.enabled
      ? new Detection({
          ...{ alarmRate: settings.alarmRate, recurring: settings.detection.recurring },
          ...{ localOf, isQuiet: incidents?.isQuiet },
        })
      : undefined;
    const rows = {
      detection: detection?.rows,
      incidents: incidents?.rows,
      silences: incidents?.silences,
      expected: incidents?.expected,
      groups: incidents?.groups,
    };
    const perKey = {
      layout,
      readout,
      horizons,
      seasons,
      gate,
      ...rows,
      conversions: {
        1: format1,
        2: olderFormat(2, layout, horizons),
        3: olderFormat(3, layout, horizons),
        4: olderFormat(4, layout, horizons),
        5: olderFormat(5, layout, horizons),
        6: olderFormat(6, layout, horizons),
      },
    };
    const parts = { cell, learning: settings, bounds: settings, ...perKey };
    super(settings, parts, listeners);
    names.of = (slot) => this.state.keys.nameOf(slot);
    names.featureOf = (slot, feature) => this.featureOf(slot, feature);
    this.#detection = detection;
    this.#incidents = incidents;
    this.expertNames = expertNames;
    this.#history = history;
    this.#bounds = bounds;
    this.#experts = keyForecaster;
    this.#gate = gate;
    this.#readout = readout;
    this.#horizons = horizons;
    this.#seasons = seasons;
    this.#now = currentEvent();
    this.#key = new KeyRow(layout);
    this.#stepped = new KeyRow(layout);
    this.#read = new KeyRow(layout);
    const { aggregate, featureCount } = settings;
    this.#windows = aggregate && new Windows(aggregate, featureCount);
  }

  /**
   * @internal Gives what a gate would see of each value to those who train one; this forecaster has a gate that knows nothing. Call
   * it before the first event.
   */
  trainGate(onLearn: (example: GateExample) => void): { readonly inputs: number; readonly members: number } {
    const gate = this.#gate;
    gate.weights = new Float32Array(gate.size);
    gate.reserve(this.state.keys.capacity);
    gate.onLearn = onLearn;
    return gate;
  }

  /**
   * Windows that make observations of raw events, with the setting `aggregate`; part of the snapshot.
   * @internal
   */
  get windows(): Windows | undefined {
    return this.#windows;
  }

  /**
   * @internal Has the windows of another forecaster with the same ones, in place of its own. Both write them in their snapshots;
   * a restore of either changes them for both.
   */
  shareWindows({ windows }: Pick<Forecaster, "windows">): void {
    this.#windows = windows;
  }

  override get bytes(): number {
    return super.bytes + (this.#windows?.bytes ?? 0);
  }

  /** Returns the time of the key's last event, in epoch milliseconds; NaN before its first observed value. */
  lastTimeOf(slot: number): number {
    const { f64, at64 } = this.#read.point(this.state.keys, slot);
    return f64[at64 + number.count]! > 0 ? f64[at64 + number.time]! : NaN;
  }

  /** Returns the weights of the experts in the forecast of a key's next value; they sum to 1. */
  expertWeights(slot: number): Float64Array {
    return this.#experts.weights(this.#read.point(this.state.keys, slot)).slice();
  }

  /** Returns the parts of the forecast of a key's next value. The key must have an observed value. */
  explain(slot: number): PendingForecast {
    return this.#experts.explain(this.#read.point(this.state.keys, slot));
  }

  /** @internal Returns what is kept of a key beside its forecast. The key must have an observed value. */
  inspect(slot: number, mostValues: number): KeyInspection {
    const key = this.#read.point(this.state.keys, slot);
    const { f64, at64 } = key;
    return {
      events: f64[at64 + number.count]!,
      observed: f64[at64 + number.observed]!,
      value: f64[at64 + number.held]!,
      values: this.#seasons.of(slot)?.latest(mostValues) ?? [],
      standing: this.#experts.standing(key),
      incidents: this.#incidents?.incidentsOf(slot) ?? [],
      group: this.#incidents?.groups?.openOf(slot),
    };
  }

  /** Returns why the last value of a key has its anomaly score; undefined while it has none. */
  explainScore(slot: number): Rarity | undefined {
    return this.#detection?.explain(slot);
  }

  /** @internal Returns an exogenous feature of the event in progress, or the key's last one that came; NaN where none came. */
  featureOf(slot: number, feature: number): number {
    const { observations, row } = this.#now;
    const { featureCount } = this.settings;
    const own = observations.slots[row] === slot ? observations.features[row * featureCount + feature]! : NaN;
    return Number.isNaN(own) ? heldFeature(this.#read.point(this.state.keys, slot), feature) : own;
  }

  /** @internal Gives each event of a key, once scored, to a watcher, which does not change the forecaster, nor throws. */
  watch(watcher: EventWatcher): void {
    this.#watcher = watcher;
  }

  /** Returns the key's open incident, or its last one until the next begins; undefined where there is none. */
  incidentOf(slot: number): Incident | undefined {
    return this.#incidents?.incidentOf(slot);
  }

  /** @internal Returns the incidents of keys that are open, each with its key's slot. */
  openKeyIncidents(): { readonly slot: number; readonly incident: Incident }[] {
    const incidents = this.#incidents;
    if (incidents === undefined) return [];
    return [...this.keys()].flatMap((key) => {
      const slot = this.slotOf(key);
      const open = incidents.incidentsOf(slot).filter(({ state }) => state === "open");
      return open.map((incident) => ({ slot, incident }));
    });
  }

  /** @internal Returns the incidents of groups that are open. */
  openGroupIncidents(): OpenGroupIncident[] {
    return this.#incidents?.groups?.groups.openGroups() ?? [];
  }

  /** Incidents that are open now: of keys, their silences, and groups. */
  get openIncidents(): number {
    const { keys, silences, groups } = this.incidentCounts;
    return keys + silences + groups;
  }

  /** Incidents that are open now by what they are of, and silences that wait to be told. */
  get incidentCounts(): IncidentCounts {
    return this.#incidents?.counts ?? noIncidents;
  }

  /**
   * From now on, incidents of a kind are not told of a key before an event time: users said that they are fine. Part of the
   * state. A key that has not begun, and a forecaster without detection, take no notice.
   *
   * @param until Epoch milliseconds.
   */
  expectIncidents(slot: number, kind: IncidentKind, until: number): void {
    if (this.#incidents === undefined || !this.state.keys.has(slot)) return;
    this.#incidents.expect(slot, kind, until);
    this.state.keys.changed[slot] = 1;
  }

  /** The same for the incidents of a group. A group that has not begun, and a forecaster without groups, take no notice. */
  expectGroupIncidents(group: string, until: number): void {
    this.#incidents?.groups?.groups.expect(group, until);
  }

  /** @internal Forgets all incidents without a note, after events that were learned in silence. */
  dropIncidents(): void {
    const { keys } = this.state;
    if (this.#incidents === undefined) return;
    for (const name of this.keys()) {
      const slot = this.slotOf(name);
      this.#incidents.drop(slot);
      keys.changed[slot] = 1;
    }
    this.#incidents.groups?.groups.dropIncidents();
  }

  /**
   * The changes of incidents by the events of the last batch, in the order of events. The array is reused: a call of
   * `observe` from row 0 empties it.
   */
  get incidentChanges(): readonly IncidentNote[] {
    return this.#incidents?.notes ?? noNotes;
  }

  /** @throws RangeError if the columns do not match `horizon` or `intervalLevels`, or the slot has no key with a state. */
  override forecast(slot: number, forecasts: ForecastColumns, row = 0): void {
    checkWidths(noObservations, forecasts, this.settings);
    super.forecast(slot, forecasts, row);
  }

  /**
   * Processes observations in order and writes one row of forecasts per observation. The key's forecast replaces a missing
   * value, which teaches nothing. A missing feature keeps its last value. A time that goes back counts as the shortest gap.
   *
   * @param observations Values and features from -1e30 to 1e30 or NaN (missing), finite times in epoch milliseconds.
   * @param forecasts Columns with room for every row of `observations`.
   * @param from First row to process; earlier rows are already processed.
   * @throws RangeError if the columns do not match `featureCount`, `horizon` or `intervalLevels`.
   */
  override observe(observations: ObservationColumns, forecasts: ForecastColumns, from = 0): void {
    checkWidths(observations, forecasts, this.settings);
    super.observe(observations, forecasts, from);
  }

  /** @internal */
  protected override writePending(slot: number, forecasts: ForecastColumns, row: number): void {
    const key = this.#read.point(this.state.keys, slot);
    const { f64, at64 } = key;
    writeNoScore(forecasts, row);
    forecasts.slots[row] = slot;
    forecasts.times[row] = f64[at64 + number.time]!;
    forecasts.values[row] = NaN;
    forecasts.incident[row] = this.#incidents?.openPosition(slot) ?? NaN;
    forecasts.version[row] = this.versionOf(f64[at64 + number.version]!);
    this.#bounds.turnTo(key);
    this.#experts.writePending(key, row, forecasts);
    if (this.settings.horizon === 1) return;
    this.#horizons!.writePending(key, row, forecasts);
    this.#finishSteps(key, row, forecasts);
  }

  #finishSteps(key: KeyRow, row: number, forecasts: ForecastColumns): void {
    this.#experts.finishSteps(key, row, forecasts, this.#seasons);
    this.#bounds.clipSteps(forecasts, row);
  }

  /**
   * Returns the changes of the snapshot since the last call: the model's record, one record per key with events, and null
   * for each evicted key. The latest records of the model and of all keys, joined in any order, are a snapshot for `restore`.
   */
  changes(): SnapshotChange[] {
    const windows: SnapshotChange[] = this.#windowRecords();
    const parts = windows.length;
    for (let part = parts; part < this.#windowParts; part++)
      windows.push({ key: undefined, part, bytes: null });
    this.#windowParts = parts;
    return [...this.state.changes(), ...windows];
  }

  /** The changes of the incidents of groups by the last batch, as `incidentChanges` those of keys. */
  get groupChanges(): readonly GroupNote[] {
    return this.#incidents?.groups?.notes ?? noGroupNotes;
  }

  /** @internal */
  protected override records(): readonly SnapshotRecord[] {
    return [...super.records(), ...this.#windowRecords()];
  }

  /** @internal */
  protected override takeOver(snapshot: Snapshot): void {
    const { aggregate, featureCount } = this.settings;
    const windows =
      aggregate && corruptUnlessFits(() => Windows.read(aggregate, featureCount, snapshot.windows));
    super.takeOver(snapshot);
    if (windows !== undefined) this.#windows!.takeOver(windows);
    this.#windowParts = snapshot.windows.length;
  }

  #windowRecords(): SnapshotRecord[] {
    if (this.#windows === undefined) return [];
    const sum = signatureSum(signatureOf(this.settings, this.state.runner.cell));
    return this.#windows.write().map((part, number) => encodeWindows(sum, number, part));
  }

  /** @internal */
  protected override startBatch(): void {
    this.#incidents?.clear();
  }

  /** @internal */
  protected override observeEvent(
    event: number,
    observations: ObservationColumns,
    forecasts: ForecastColumns,
  ): void {
    const slot = (forecasts.slots[event] = observations.slots[event]!);
    const { keys, runner } = this.state;
    if (runner.blocks(slot)) this.step(forecasts);
    const key = this.#key.point(keys, slot);
    const now = this.#turnTo(event, observations, forecasts);
    runner.pass(now.time);
    if (key.f64[key.at64 + number.observed]! > 0) {
      this.#bounds.turnTo(key);
      now.change = this.#experts.score(key, now);
      this.#bounds.clipExpected(forecasts, event);
      if (!now.missing) this.#readout?.learn(key, now.change);
    } else {
      writeNoScore(forecasts, event);
      forecasts.incident[event] = NaN;
      if (now.missing) {
        // A key begins with its first value: nothing is known that could be forecast from.
        writeNoForecast(forecasts, event);
        forecasts.version[event] = runner.version;
        return;
      }
      this.begin(slot, forecasts);
      this.#incidents?.groups?.groups.begin(slot, keys.nameOf(slot));
      this.#gate.start(slot);
      this.#experts.start(key, now.value);
    }
    if (this.#detection !== undefined && !Number.isNaN(now.value)) {
      forecasts.anomalyScore[event] = this.#detection.score(slot, now);
      this.#noteIncident(key, now);
    }
    this.#watcher?.(slot, now);
    forecasts.incident[event] = this.#incidents?.openPosition(slot) ?? NaN;
    if (this.#incidents?.silences !== undefined) this.#arrive(key, now, this.#incidents);
    keys.changed[slot] = 1;
    this.#history.pushChange(key, now.change);
    this.#readout?.see(key, now);
    if (runner.updatesWith(key, now.change)) this.step(forecasts);
    runner.schedule(key, now.change, now.missing);
    this.#history.pushInputs(key, now);
    runner.enter(key, event);
    this.#seasons.observe(key, now);
    const next = this.#horizons?.observe(key, now);
    if (key.layout.seasonal !== undefined) key.f32[key.at32 + key.layout.seasonal] = next!;
    key.f64[key.at64 + number.count] = key.f64[key.at64 + number.count]! + 1;
  }

  /** @internal */
  protected override forecastRows(rows: SteppedRows, forecasts: ForecastColumns): void {
    const { keys, runner } = this.state;
    const own = this.#readout?.forecast(rows, keys);
    const input = this.#input;
    const { horizon } = this.settings;
    for (let i = 0; i < rows.count; i++) {
      const event = rows.events[i]!;
      const key = this.#stepped.point(keys, rows.slots[i]!);
      input.readout = rows.buffers.readouts[i]!;
      input.keyReadout = own?.[i] ?? 0;
      this.#bounds.turnTo(key);
      this.#experts.forecast(key, input, event, forecasts);
      if (horizon > 1) {
        this.#horizons!.forecast(key, key.f32[key.at32 + key.layout.mixture]!, event, forecasts);
        this.#finishSteps(key, event, forecasts);
      }
      forecasts.version[event] = runner.version;
      key.f64[key.at64 + number.version] = runner.version + 1;
    }
  }

  #noteIncident(key: KeyRow, now: CurrentEvent): void {
    const { forecasts, row } = now;
    const incidents = this.#incidents!;
    if (incidents.groups !== undefined) {
      incidents.groups.observe(key.slot, now, now.observations.positions?.[row] ?? NaN);
      for (const slot of incidents.groups.groups.expired) this.state.keys.changed[slot] = 1;
    }
    if (!incidents.concerns(key.slot, forecasts.anomalyScore[row]!)) return;
    incidents.observe(key.slot, this.#detection!.rowOf(key.slot), now, this.#positionOf(key, now));
  }

  /** The key came, be its value missing or not; others may be silent from this event on. */
  #arrive(key: KeyRow, now: CurrentEvent, incidents: IncidentWatcher): void {
    incidents.arrive(key.slot, now, this.#positionOf(key, now));
    const { slots, begun, held } = incidents.silences!;
    for (const silent of held) this.state.keys.changed[silent] = 1;
    for (let i = 0; i < begun; i++) this.state.keys.changed[slots[i]!] = 1;
  }

  #positionOf({ f64, at64 }: KeyRow, { observations, row }: CurrentEvent): number {
    const given = observations.positions?.[row] ?? NaN;
    return Number.isNaN(given) ? f64[at64 + number.count]! : given;
  }

  /** @internal */
  protected override forgetting(slots: readonly number[]): void {
    for (const slot of slots) this.#incidents?.forget(slot, this.#now);
  }

  #turnTo(event: number, observations: ObservationColumns, forecasts: ForecastColumns): CurrentEvent {
    const now = this.#now;
    now.observations = observations;
    now.forecasts = forecasts;
    now.row = event;
    now.time = forecasts.times[event] = observations.times[event]!;
    now.value = forecasts.values[event] = observations.values[event]!;
    now.missing = Number.isNaN(now.value);
    now.setAside = now.anew = false;
    now.jump = now.change = 0;
    return now;
  }
}

const noObservations = observationColumns(0);
