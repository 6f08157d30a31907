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
}

/** Returns the value of a record of a promotion. */
export function promotionMessage(model: ForecasterSettings, given: number | undefined): string {
  return JSON.stringify({ command: "promote", given: given ?? null, model: signedSettings(model) });
}

/** Reads a record of a promotion; undefined for any other content, such as a change of an incident. */
export function readPromotion(value: Uint8Array | null): Promotion | undefined {
  return promotionOf(fieldsOf(value));
}

/** Reads the fields of a record of a promotion; undefined for those of any other content. */
export function promotionOf(message: ReturnType<typeof fieldsOf>): Promotion | undefined {
  if (message["command"] !== "promote") return undefined;
  const { model, given } = message;
  if (typeof model !== "object" || model === null) return undefined;
  return { settings: model as Promotion["settings"], given: typeof given === "number" ? given : null };
}
