/**
 * The command to make a model the live one, as a record among the feedback: every owner of a partition reads those beside its
 * input. It names the model by its settings, so that it means the same when it is read again.
 */
import type { ForecasterSettings } from "../../forecast/settings.js";
import { signedSettings } from "../../forecast/snapshot/signature.js";
import { fieldsOf } from "./feedback.js";

export interface Promotion {
  /** Settings of the model that shall be live. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The committed input offset when the command was given; null for none. */
  readonly given: number | null;
  /** Whether it holds for a model that has learned nothing. */
  readonly isForced: boolean;
}

/** Returns the value of a record of a promotion. `isForced`: also if the model has learned nothing. */
export function promotionMessage(
  model: ForecasterSettings,
  given: number | undefined,
  isForced = false,
): string {
  const force = isForced ? { force: true } : {};
  return JSON.stringify({ command: "promote", given: given ?? null, ...force, model: signedSettings(model) });
}

/** How far a model has come. */
export interface Learned {
  readonly settings: Readonly<Record<string, unknown>>;
  /** Updates of its weights. */
  readonly version: number;
  /** Keys that it has a state of. */
  readonly keys: number;
}

/** Returns whether a model has learned nothing where the live one has learned something. */
export function hasLearnedNothing(model: Learned, live: Learned): boolean {
  if (live.keys > 0 && model.keys === 0) return true;
  return live.version > 0 && model.version === 0 && model.settings["learning"] !== "off";
}

/** Reads a record of a promotion; undefined for any other content, such as a change of an incident. */
export function readPromotion(value: Uint8Array | null): Promotion | undefined {
  return promotionOf(fieldsOf(value));
}

/** Reads the fields of a record of a promotion; undefined for those of any other content. */
export function promotionOf(message: ReturnType<typeof fieldsOf>): Promotion | undefined {
  if (message["command"] !== "promote") return undefined;
  const { model, given, force } = message;
  if (typeof model !== "object" || model === null) return undefined;
  return {
    settings: model as Promotion["settings"],
    given: typeof given === "number" ? given : null,
    isForced: force === true,
  };
}
