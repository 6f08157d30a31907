/** Options on the state of an operator: what it starts from, who owns the forecaster, and where snapshots go. */
import { isObservable, type Observable } from "rxjs";
import { refuseMisplaced, requireFunctions, requireOptions, UndercurrentError } from "../errors/library.js";
import { requireSnapshot } from "../forecast/snapshot/snapshot.js";

/** When an operator takes a snapshot of its forecaster, and where the snapshot goes. */
export interface SaveOptions {
  /**
   * Number of events between two snapshots, or an observable whose values each ask for one. Without new events there is
   * no snapshot. One more follows the last event, when the stream completes, errors or is unsubscribed from.
   */
  readonly every: number | Observable<unknown>;
  /**
   * Takes a snapshot, after the forecasts of its last event were emitted. The next snapshot, and the end of the stream,
   * wait for a promise that it returns. Its error errors the stream.
   */
  readonly to: (snapshot: Uint8Array) => unknown;
}

/** The option `save` of every operator. */
export interface SavingOptions {
  /**
   * Takes snapshots of the forecaster: how often, and where they go. Default: the state is lost with the subscription, or
   * the owner of a shared forecaster saves it.
   */
  readonly save?: SaveOptions | undefined;
}

/** Options of an operator whose subscriptions own a forecaster each. */
export interface StateOptions extends SavingOptions {
  /** Snapshot of a forecaster with the same settings, from which every subscription starts. Default: no state. */
  readonly restore?: Uint8Array | undefined;
}

/** Options of an operator whose subscriptions share a forecaster. Its owner disposes of it, and restores it. */
export interface SharedOptions<Forecaster> extends SavingOptions {
  /** Forecaster that also reads the events. Streams that share it are one stream to it, in order of arrival. */
  readonly forecaster: Forecaster;
}

/** What the operators need of a forecaster. */
export interface SubscribedForecaster<In, Out> {
  observe(events: readonly In[]): Out[];
  snapshot(): Uint8Array;
  restore(snapshot: Uint8Array): void;
  dispose(): void;
}

/** A kind of forecaster. */
interface ForecasterKind<Options, Forecaster> {
  /** Throws SETTING_INVALID. */
  readonly check: (options: Options) => void;
  readonly create: (options: Options) => Forecaster;
}

/** Where subscriptions get their forecaster. */
export interface ForecasterSource<Forecaster> {
  readonly acquire: () => Forecaster;
  /** Whether a subscription disposes of its forecaster. */
  readonly isOwned: boolean;
  readonly save: SaveOptions | undefined;
}

/**
 * Checks the options on the state of an operator, a snapshot to start from included.
 *
 * @param options Options of the operator.
 * @param kind Checks the other options, and makes a forecaster from them.
 * @returns Where subscriptions get their forecaster.
 * @throws SETTING_INVALID. SNAPSHOT_FOREIGN, SNAPSHOT_VERSION or SNAPSHOT_CORRUPT if `restore` does not fit.
 */
export function forecasterSource<
  Forecaster extends SubscribedForecaster<never, unknown>,
  Options extends object,
>(
  options: (Options & StateOptions) | SharedOptions<Forecaster>,
  { check, create }: ForecasterKind<Options, Forecaster>,
): ForecasterSource<Forecaster> {
  requireOptions(options);
  checkSave(options.save);
  const { save } = options;
  if (isShared(options)) {
    const { forecaster, save: _, ...others } = options;
    requireForecaster(forecaster);
    const belongs = "it belongs to the shared forecaster";
    refuseMisplaced(others, Object.fromEntries(Object.keys(others).map((name) => [name, belongs])));
    return { acquire: () => forecaster, isOwned: false, save };
  }
  const {
    restore,
    save: _,
    forecaster: __,
    ...rest
  } = options as Options & StateOptions & { readonly forecaster?: undefined };
  const own = rest as unknown as Options;
  check(own);
  if (restore === undefined) return { acquire: () => create(own), isOwned: true, save };
  requireSnapshot(restore);
  const snapshot = restore.slice();
  const acquire = (): Forecaster => {
    const forecaster = create(own);
    try {
      forecaster.restore(snapshot);
    } catch (error) {
      forecaster.dispose();
      throw error;
    }
    return forecaster;
  };
  acquire().dispose();
  return { acquire, isOwned: true, save };
}

/** Whether a forecaster is given; undefined stands for an option that is left out. */
function isShared<Forecaster>(options: object): options is SharedOptions<Forecaster> {
  return (options as { readonly forecaster?: unknown }).forecaster !== undefined;
}

// Callers in JavaScript may give anything.

function checkSave(given: unknown): void {
  if (given === undefined) return;
  const save = given as SaveOptions | null;
  if (typeof save !== "object" || save === null) {
    throw new UndercurrentError("SETTING_INVALID", "save: expected an object with `every` and `to`");
  }
  requireFunctions({ "save.to": (save.to as unknown) ?? null }, [], ["save.to"]);
  const { every, to: _, ...others } = save;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw new UndercurrentError("SETTING_INVALID", `save.${other}: unknown option; save has every and to`);
  }
  if (isObservable(every) || (Number.isInteger(every) && every >= 1)) return;
  throw new UndercurrentError(
    "SETTING_INVALID",
    `save.every: expected an integer of at least 1 or an observable, found ${String(every)}`,
  );
}

function requireForecaster(forecaster: unknown): void {
  if (typeof (forecaster as { readonly observe?: unknown } | null)?.observe === "function") return;
  throw new UndercurrentError(
    "SETTING_INVALID",
    "forecaster: expected a forecaster, such as createForecaster returns",
  );
}
