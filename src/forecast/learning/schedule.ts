/**
 * The learning schedule: when an update of the weights is due, and of which size. It depends on nothing but the
 * order of events: an update runs when windows enough wait for the number of keys, or when a key that already waits is
 * due again; of many keys' windows a share is drawn.
 */
import type { ForgottenKeys } from "../keys/eviction.js";
import type { LearnReport } from "../../engine/port.js";
import { exponential, logarithm } from "../elementary.js";
import type { ForecasterSettings } from "../settings.js";

/** The settings of learning, whatever is learned. Labels are always learned from. */
export type LearningSettings = Partial<Pick<ForecasterSettings, "learning" | "maxUpdatesPerSecond">> &
  Pick<
    ForecasterSettings,
    | "bpttSteps"
    | "stride"
    | "bpttWindows"
    | "learningRate"
    | "learningBoost"
    | "learningBoostUpdates"
    | "maxGradientNorm"
    | "huberDelta"
  >;

/** Report of a weight update. */
export interface UpdateReport extends LearnReport {
  /** Number of updates so far, including this one: the model version. */
  readonly version: number;
  /** Number of training windows of this update. */
  readonly windows: number;
}

/**
 * Listeners of a forecaster. A listener must not call the forecaster, which throws FORECASTER_BUSY during `observe`.
 * `observe` processes all events before it rethrows a listener's error.
 */
export interface ForecasterListeners {
  /** Called after each weight update, during `observe`. */
  readonly onUpdate?: (update: UpdateReport) => void;
  /** Called when `maxKeys` or `keyTtlMs` evicts keys, during `observe`. */
  readonly onForgotten?: (keys: ForgottenKeys) => void;
}

const LOG_BETA1 = logarithm(0.9);
const LOG_BETA2 = logarithm(0.999);

/**
 * Adam's step size at update `update` (1, 2, …) with its bias corrections folded in (Kingma and Ba, 2015, section 2),
 * boosted at first so that a new model catches up.
 */
export function learningRate(settings: LearningSettings, update: number): number {
  const boost = 1 + (settings.learningBoost - 1) * exponential(-update / settings.learningBoostUpdates);
  const correction = Math.sqrt(1 - exponential(update * LOG_BETA2)) / (1 - exponential(update * LOG_BETA1));
  return settings.learningRate * boost * correction;
}

/** Keys for each window that an update waits for: few keys fill few windows, and are not made to wait for more. */
const keysPerWindow = 4;

/** Windows that make an update due where `learners` keys have had one. */
export function windowsDue(settings: LearningSettings, learners: number): number {
  return Math.max(1, Math.min(Math.ceil(learners / keysPerWindow), settings.bpttWindows));
}

/** Once learning has settled, at most one update for this many events of each key. */
const updateEvery = 0.5;
/** Updates over which the share of further windows fades to 1/e. */
const shareUpdates = 2000;

/**
 * The share of the windows that are learned from. Many keys give more updates than a model needs that has settled: in
 * the end there are no more than two while every key has one event (docs/adr/0014). Up to 256 keys at 16 windows an
 * update and a stride of 8, that is all windows.
 */
export function windowShare(settings: LearningSettings, learners: number, update: number): number {
  const settled = Math.min(1, (settings.bpttWindows * settings.stride) / (updateEvery * learners));
  return settled + (1 - settled) * exponential(-update / shareUpdates);
}

const single = new Float32Array(1);
const bitsOfSingle = new Int32Array(single.buffer);

/**
 * Whether a window is one of the share. It is drawn by a hash (the finaliser of MurmurHash3) of the key's number of
 * events and its last change: the same on every machine, without a state, and independent of which keys take turns.
 */
export function isDrawn(share: number, count: number, change: number): boolean {
  if (share >= 1) return true;
  single[0] = change;
  let hash = bitsOfSingle[0]! ^ Math.imul(count, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0 < share * 2 ** 32;
}
