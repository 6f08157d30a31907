/**
 * The forecaster of symbols: symbols in, distributions of each key's next one out. It is a deterministic function of the
 * settings and the order of events, however they are cut into batches.
 */
import type { EngineFactory } from "../../engine/port.js";
import { wasmEngine } from "../../engine/wasm.js";
import { UndercurrentError } from "../../errors.js";
import { KeyTable } from "../keys.js";
import type { ForecasterListeners } from "../learning.js";
import { Recurrence, type SteppedRows } from "../recurrence.js";
import { modelName } from "../settings.js";
import { signatureOf, type Signature } from "../signature.js";
import { joinRecords } from "../snapshot.js";
import {
  addKey,
  bytesOfKey,
  decodeState,
  makeRoom,
  recordsOf,
  reserveKeys,
  takeOver,
  type StateParts,
} from "../state.js";
import type { SymbolColumns, SymbolForecastColumns } from "./columns.js";
import { SymbolMixture } from "./mixture.js";
import { Ngrams } from "./ngrams.js";
import type { SymbolSettings } from "./settings.js";
import { decodeShared, encodeShared } from "./state.js";
import {
  renewSymbol,
  RingContext,
  symbolCell,
  symbolLayout,
  symbolNumber,
  type SymbolLayout,
} from "./symbol-cell.js";
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
export class SymbolForecaster {
  readonly settings: SymbolSettings;
  readonly #layout: SymbolLayout;
  readonly #recurrence: Recurrence;
  readonly #setKnown: (count: number) => void;
  readonly #renew: (number: number) => void;
  readonly #vocabulary: Vocabulary;
  readonly #ngrams: Ngrams;
  readonly #mixture: SymbolMixture;
  readonly #signature: Signature;
  readonly #context: RingContext;
  #keys: KeyTable;
  /** Where the forecasts of the batch under way go. */
  #forecasts: SymbolForecastColumns | undefined;
  #disposed = false;

  constructor(
    settings: SymbolSettings,
    factory: EngineFactory = wasmEngine,
    listeners: ForecasterListeners = {},
  ) {
    this.settings = settings;
    this.#layout = symbolLayout(settings);
    const cell = symbolCell(settings, this.#layout, factory);
    this.#setKnown = (count) => cell.engine.setKnownSymbols!(count);
    this.#renew = (number) => renewSymbol(cell.engine, number);
    this.#recurrence = new Recurrence({ ...settings, huber: 1 }, cell, {
      stepped: (rows) => this.#forecastAll(rows, this.#forecasts!),
      updated: (report) => listeners.onUpdate?.(report),
    });
    this.#vocabulary = new Vocabulary(settings.symbols, () => this.#recurrence.step());
    this.#ngrams = new Ngrams(settings.order, settings.ngrams, (number) => this.#vocabulary.sinceOf(number));
    this.#mixture = new SymbolMixture(this.#layout, this.#vocabulary, settings.symbols);
    this.#context = new RingContext(this.#layout.ringLength, this.#vocabulary);
    this.#signature = signatureOf(settings, this.#recurrence.cell);
    this.#keys = new KeyTable(this.#layout);
    reserveKeys(this.#parts(), this.#keys.capacity);
    this.#setKnown(1);
  }

  get keys(): number {
    return this.#keys.size;
  }

  /** Updates of the weights so far. */
  get version(): number {
    return this.#recurrence.version;
  }

  /** Symbols that are told apart now. */
  get symbols(): number {
    return this.#vocabulary.size - 1;
  }

  /** Bytes of state, room for further keys included. */
  get bytes(): number {
    return this.#keys.bytes + this.#recurrence.bytes + this.#ngrams.bytes;
  }

  /** Bytes of state that a key takes, without its name. */
  get bytesPerKey(): number {
    return bytesOfKey(this.#parts());
  }

  /** The model's name and version, as forecasts carry it: "lstm64@1841". */
  modelName(version = this.version): string {
    return modelName({ ...this.settings, cell: this.#recurrence.cell }, version);
  }

  /** The slot of a key, which is made on first use. Throws MEMORY_EXHAUSTED, changing nothing. */
  slotOf(key: string): number {
    return this.#keys.find(key) ?? addKey(this.#parts(), key);
  }

  /** Takes the slots back of keys without a state, which have had no event yet or were forgotten, and returns them. */
  release(): readonly number[] {
    return this.#keys.release();
  }

  /** The key of a slot. */
  keyOf(slot: number): string {
    return this.#keys.nameOf(slot);
  }

  /** The distribution of a slot's next symbol; what is missing to 1 is the probability of all others together. */
  distribution(slot: number): Map<string, number> {
    return this.#mixture.distribution(this.#keys, slot);
  }

  /** Takes events in order and writes a row of forecasts for each. */
  observe(events: SymbolColumns, forecasts: SymbolForecastColumns): void {
    this.#assertUsable();
    this.#forecasts = forecasts;
    for (let event = 0; event < events.count; event++) {
      this.#observe(event, events.slots[event]!, events.symbols[event]!, forecasts);
    }
    this.#recurrence.step();
  }

  /** The whole state in one versioned binary form, from which another forecaster goes on bit for bit. */
  snapshot(): Uint8Array {
    const records = [...recordsOf(this.#parts(), this.#signature, false)];
    return joinRecords([...records, encodeShared(this.#vocabulary, this.#ngrams, this.#mixture.weights)]);
  }

  /**
   * Takes over the state of a snapshot; keys it does not hold are forgotten, and slots are given anew. Throws
   * SNAPSHOT_FOREIGN, SNAPSHOT_VERSION or SNAPSHOT_CORRUPT, and then has changed nothing.
   */
  restore(snapshot: Uint8Array): void {
    this.#assertUsable();
    const parts = this.#parts();
    const decoded = decodeState(parts, snapshot, this.#signature, false);
    const { vocabulary, ngrams, weights } = decodeShared(decoded.symbols, this.settings);
    this.#keys = takeOver(parts, this.#layout, decoded);
    this.#vocabulary.write(vocabulary);
    this.#ngrams.write(ngrams);
    this.#mixture.weights.set(weights);
    this.#setKnown(this.#vocabulary.size);
  }

  /** Gives the memory back: observing, snapshots and restoring throw FORECASTER_DISPOSED from then on. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#recurrence.dispose();
    this.#keys = new KeyTable(this.#layout);
  }

  #observe(event: number, slot: number, symbol: string, forecasts: SymbolForecastColumns): void {
    forecasts.slots[event] = slot;
    if (this.#recurrence.blocks(slot)) this.#recurrence.step();
    const number = this.#see(symbol);
    const isNew = this.#vocabulary.isNew(number);
    const keys = this.#keys;
    const { numbers, singles } = keys;
    const at = slot * keys.numbersPerKey;
    const row = slot * keys.singlesPerKey;
    const count = numbers[at + symbolNumber.count]!;
    keys.changed[slot] = 1;
    if (count === 0) {
      makeRoom(this.#parts(), { maximumKeys: this.settings.maximumKeys, keyTimeToLive: 0 });
      keys.begin(slot);
      forecasts.probability[event] = forecasts.recurrent[event] = forecasts.ngrams[event] = NaN;
    } else {
      this.#mixture.score(keys, slot, number, forecasts, event);
      this.#ngrams.learn(this.#context.of(singles, row, count), isNew ? 0 : number);
    }
    singles[row + (count % this.#layout.ringLength)] = isNew ? -number : number;
    this.#recurrence.schedule(slot, singles, row, count, number, false);
    this.#recurrence.enter(event, slot, singles, row, count);
    numbers[at + symbolNumber.count] = count + 1;
    numbers[at + symbolNumber.made] = this.#vocabulary.events;
    this.#mixture.begin(keys, slot);
    const context = this.#context.of(singles, row, count + 1);
    this.#ngrams.distribution(context, this.#vocabulary.size, singles, row + this.#layout.ngrams);
  }

  /** The number of a symbol, which may be one that it gets, or takes from another. */
  #see(symbol: string): number {
    const { size } = this.#vocabulary;
    const number = this.#vocabulary.see(symbol);
    if (!this.#vocabulary.isNew(number)) return number;
    if (this.#vocabulary.size > size) {
      this.#setKnown(this.#vocabulary.size);
    } else {
      this.#renew(number);
    }
    return number;
  }

  #forecastAll({ count, events, slots, buffers }: SteppedRows, forecasts: SymbolForecastColumns): void {
    const { symbols } = this.settings;
    const { singles, singlesPerKey } = this.#keys;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      const from = i * symbols;
      const distribution = buffers.distributions!.subarray(from, from + this.#vocabulary.size);
      singles.set(distribution, slot * singlesPerKey + this.#layout.recurrent);
      this.#mixture.forecast(this.#keys, slot, forecasts, events[i]!);
      forecasts.version[events[i]!] = this.version;
    }
  }

  #parts(): StateParts {
    this.#assertUsable();
    const [keys, recurrence] = [this.#keys, this.#recurrence];
    return { keys, recurrence, readout: undefined, horizons: undefined };
  }

  #assertUsable(): void {
    if (this.#disposed) throw new UndercurrentError("FORECASTER_DISPOSED", "the forecaster was disposed of");
  }
}
