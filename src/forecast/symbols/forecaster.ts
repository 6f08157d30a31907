/**
 * The column forecaster of symbols: symbols in, forecasts of each key's next symbol out. The settings and the order of
 * events determine the result; the batch size does not.
 */
import type { Engine, EngineFactory } from "../../engine/port.js";
import { wasmEngine } from "../../engine/wasm/engine.js";
import { KeyRow } from "../keys/row.js";
import { KeyedForecaster } from "../keyed-forecaster.js";
import type { ForecasterListeners } from "../learning/schedule.js";
import type { SteppedRows } from "../../engine/stepped-rows.js";
import type { Snapshot, SnapshotRecord } from "../snapshot/snapshot.js";
import type { SymbolColumns, SymbolForecastColumns } from "./columns.js";
import { SymbolMixture, type SymbolKey } from "./mixture.js";
import { Ngrams } from "./ngrams.js";
import type { SymbolSettings } from "./settings.js";
import { decodeShared, encodeShared } from "./state.js";
import { RingContext, symbolCell, symbolLayout, symbolNumber, type SymbolLayout } from "./cell.js";
import { Vocabulary } from "./vocabulary.js";

/**
 * Forecasts the next symbol of every key of one ordered stream of events.
 *
 * @example
 * ```ts
 * const forecaster = new SymbolForecaster(symbolSettings());
 * const events = symbolColumns(2);
 * const forecasts = symbolForecastColumns(2, 3);
 * const slot = forecaster.slotOf("visitor-7");
 * for (const page of ["home", "search"]) appendSymbol(events, slot, page);
 * forecaster.observe(events, forecasts);
 * forecasts.next[3]; // the likeliest page after "search"
 * forecaster.dispose();
 * ```
 */
export class SymbolForecaster extends KeyedForecaster<SymbolSettings, SymbolColumns, SymbolForecastColumns> {
  readonly #layout: SymbolLayout;
  readonly #engine: Engine;
  readonly #vocabulary: Vocabulary;
  readonly #ngrams: Ngrams;
  readonly #mixture: SymbolMixture;
  readonly #context: RingContext;
  /** The key of the event that is taken, of a row that was stepped, and the one that is asked for. */
  readonly #key: SymbolKey;
  readonly #stepped: SymbolKey;
  readonly #read: SymbolKey;

  constructor(
    settings: SymbolSettings,
    factory: EngineFactory = wasmEngine,
    listeners: ForecasterListeners = {},
  ) {
    const layout = symbolLayout(settings);
    const cell = symbolCell(settings, layout, factory);
    const bounds = { maxKeys: settings.maxKeys, keyTtlMs: 0 };
    super(settings, { cell, learning: { ...settings, huberDelta: 1 }, bounds, layout }, listeners);
    this.#layout = layout;
    this.#engine = cell.engine;
    this.#vocabulary = new Vocabulary(settings.maxSymbols);
    this.#ngrams = new Ngrams(settings.order, settings.maxNgrams, (number) =>
      this.#vocabulary.sinceOf(number),
    );
    this.#mixture = new SymbolMixture(this.#vocabulary, settings.maxSymbols);
    this.#context = new RingContext(layout.ringLength, this.#vocabulary);
    this.#key = new KeyRow(layout);
    this.#stepped = new KeyRow(layout);
    this.#read = new KeyRow(layout);
    this.#tellKnown();
  }

  /** Current number of distinct symbols. */
  get symbols(): number {
    return this.#vocabulary.size - 1;
  }

  /** Bytes of state, room for further keys included. */
  override get bytes(): number {
    return super.bytes + this.#ngrams.bytes;
  }

  /**
   * Returns the distribution of a slot's next symbol; the remainder to 1 is the probability of all other symbols together.
   */
  distribution(slot: number): Map<string, number> {
    return this.#mixture.distribution(this.#read.point(this.state.keys, slot));
  }

  /** @internal */
  protected override records(): readonly SnapshotRecord[] {
    const shared = encodeShared(this.#vocabulary, this.#ngrams, this.#mixture.weights);
    return [...super.records(), shared];
  }

  /** @internal */
  protected override takeOver(snapshot: Snapshot): void {
    const { vocabulary, ngrams, weights } = decodeShared(snapshot, this.settings, this.#layout.ringLength);
    super.takeOver(snapshot);
    this.#vocabulary.write(vocabulary);
    this.#ngrams.write(ngrams);
    this.#mixture.weights.set(weights);
    this.#tellKnown();
  }

  /** @internal */
  protected override observeEvent(
    event: number,
    events: SymbolColumns,
    forecasts: SymbolForecastColumns,
  ): void {
    const slot = (forecasts.slots[event] = events.slots[event]!);
    const symbol = events.symbols[event]!;
    const { keys, runner } = this.state;
    // What waits is forecast with the vocabulary of its time.
    if (runner.blocks(slot) || this.#vocabulary.changesWith(symbol)) this.step(forecasts);
    const number = this.#see(symbol);
    const isNew = this.#vocabulary.isNew(number);
    const key = this.#key.point(keys, slot);
    const { f64, at64, f32, at32, layout } = key;
    const count = f64[at64 + symbolNumber.count]!;
    keys.changed[slot] = 1;
    if (count === 0) {
      this.begin(slot, forecasts);
      forecasts.probability[event] = forecasts.recurrent[event] = forecasts.ngrams[event] = NaN;
    } else {
      this.#mixture.score(key, number, forecasts, event);
      this.#ngrams.learn(this.#context.of(key, count), isNew ? 0 : number);
    }
    f32[at32 + (count % layout.ringLength)] = isNew ? -number : number;
    if (runner.updatesWith(key, number)) this.step(forecasts);
    runner.schedule(key, number, false);
    runner.enter(key, event);
    f64[at64 + symbolNumber.count] = count + 1;
    f64[at64 + symbolNumber.made] = this.#vocabulary.events;
    this.#mixture.begin(key);
    const context = this.#context.of(key, count + 1);
    this.#ngrams.distribution(context, this.#vocabulary.size, f32, at32 + layout.ngrams);
  }

  /** @internal */
  protected override forecastRows(
    { count, events, slots, buffers }: SteppedRows,
    forecasts: SymbolForecastColumns,
  ): void {
    const { maxSymbols } = this.settings;
    const { keys, runner } = this.state;
    for (let i = 0; i < count; i++) {
      const key = this.#stepped.point(keys, slots[i]!);
      const from = i * maxSymbols;
      const distribution = buffers.distributions!.subarray(from, from + this.#vocabulary.size);
      key.f32.set(distribution, key.at32 + key.layout.recurrent);
      this.#mixture.forecast(key, forecasts, events[i]!);
      forecasts.version[events[i]!] = runner.version;
      key.f64[key.at64 + symbolNumber.version] = runner.version + 1;
    }
  }

  /** @internal */
  protected override writePending(slot: number, forecasts: SymbolForecastColumns, row: number): void {
    const key = this.#read.point(this.state.keys, slot);
    forecasts.slots[row] = slot;
    forecasts.probability[row] = forecasts.recurrent[row] = forecasts.ngrams[row] = NaN;
    forecasts.version[row] = this.versionOf(key.f64[key.at64 + symbolNumber.version]!);
    this.#mixture.writePending(key, forecasts, row);
  }

  /** The number of a symbol, which may be one that it gets, or takes from another. */
  #see(symbol: string): number {
    const { size } = this.#vocabulary;
    const number = this.#vocabulary.see(symbol);
    if (!this.#vocabulary.isNew(number)) return number;
    if (this.#vocabulary.size > size) this.#tellKnown();
    else this.#engine.renewSymbol!(number);
    return number;
  }

  /** Tells the engine how many symbols there are to forecast: the rest have no probability. */
  #tellKnown(): void {
    this.#engine.setKnownSymbols!(this.#vocabulary.size);
  }
}
