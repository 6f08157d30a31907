/** Calls a user's batch hook: waits for its promise, bounds the time, and checks the result. */
import { UndercurrentError } from "../../errors/errors.js";
import type { Clock } from "../clock.js";
import type { Origin } from "../decode/dead-letter.js";
import type { Reading } from "../decode/decode.js";
import type { BatchContext } from "../operator.js";
import type { InputRecord, RoutedRecord } from "../ports.js";

/** What bounds a call. */
export interface HookLimits {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly origin: Origin;
  /** Aborted when the commit can no longer land. */
  readonly cancelled: AbortSignal;
}

export interface BatchHook<In, Out> {
  readonly name: string;
  readonly call: (batch: readonly In[], context: BatchContext) => Promise<readonly Out[]>;
  /** Says what of a result is wrong; undefined for a result that can be used. */
  readonly fault: (result: readonly Out[], batch: readonly In[]) => string | undefined;
}

/**
 * Calls a hook with the readings or forecasts of one commit. Rejects with OPERATOR_FAILED where the hook throws, rejects or
 * gives a wrong result, with OPERATOR_TIMEOUT where its time is over, and with FENCED where the commit can no longer land.
 */
export async function callBatchHook<In, Out>(
  hook: BatchHook<In, Out>,
  batch: readonly In[],
  limits: HookLimits,
): Promise<readonly Out[]> {
  const { topic, partition } = limits.origin;
  const failed = (what: string, cause?: unknown): UndercurrentError =>
    new UndercurrentError(
      "OPERATOR_FAILED",
      `the hook \`${hook.name}\` ${what} (${topic}, partition ${partition})`,
      { cause },
    );
  // For the hook: aborted when nobody waits for its result any more.
  const unwanted = new AbortController();
  // For the code that waits beside the hook.
  const ended = new AbortController();
  const call = async (): Promise<readonly Out[]> => {
    try {
      return await hook.call(batch, { signal: unwanted.signal });
    } catch (cause) {
      throw failed(`failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  };
  const timeOut = async (): Promise<never> => {
    await limits.clock.sleep(limits.timeoutMs, ended.signal);
    throw new UndercurrentError(
      "OPERATOR_TIMEOUT",
      `the hook \`${hook.name}\` took longer than ${limits.timeoutMs} ms for ${batch.length} readings of ${topic}, partition ${partition} (hookTimeoutMs)`,
    );
  };
  try {
    const result = await Promise.race([call(), timeOut(), whenCancelled(limits.cancelled, ended.signal)]);
    if (!isList(result)) throw failed("has to resolve to a list");
    const fault = hook.fault(result, batch);
    if (fault !== undefined) throw failed(fault);
    return result;
  } catch (error) {
    unwanted.abort(error);
    throw error;
  } finally {
    ended.abort();
  }
}

function whenCancelled(cancelled: AbortSignal, ended: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const cancel = (): void =>
      reject(new UndercurrentError("FENCED", "the partition was released before this commit began"));
    if (cancelled.aborted) cancel();
    cancelled.addEventListener("abort", cancel, { signal: ended });
  });
}

/** Returns what is wrong with the readings that a hook returned; undefined if nothing is. */
export function readingsFault(result: readonly Reading[], batch: readonly Reading[]): string | undefined {
  const records = [...new Set(batch.map(({ record }) => record))];
  const positions = new Map<InputRecord, number>(records.map((record, position) => [record, position]));
  let last = 0;
  for (const [index, reading] of result.entries()) {
    if (!isReading(reading)) return `has to resolve to readings: element ${index} is none`;
    const position = positions.get(reading.record);
    if (position === undefined) {
      return `returned a reading whose record is none of the commit's: element ${index}; keep \`record\` as it came`;
    }
    if (position < last) return `returned readings in another order than their records: element ${index}`;
    last = position;
  }
  return undefined;
}

function isReading(value: unknown): boolean {
  return typeof value === "object" && value !== null && "record" in value && "features" in value;
}

/** Returns what is wrong with records for further topics; undefined if nothing is. */
export function routedFault(result: readonly RoutedRecord[]): string | undefined {
  for (const [index, routed] of result.entries()) {
    const fault = oneRoutedFault(routed);
    if (fault !== undefined) return `has to resolve to records with their topics: element ${index} ${fault}`;
  }
  return undefined;
}

/** Takes an unknown value, because a user's JavaScript may return anything. */
function oneRoutedFault(routed: unknown): string | undefined {
  if (!isObject(routed)) return "is none";
  if (typeof routed["topic"] !== "string" || routed["topic"] === "") return "has no topic";
  const { record } = routed;
  if (!isObject(record)) return "has no record";
  if (!isBytes(record["key"])) return "has a record whose key is neither bytes nor null";
  if (!isBytes(record["value"])) return "has a record whose value is neither bytes nor null";
  if (!Array.isArray(record["headers"])) return "has a record without a list of headers";
  return typeof record["timestamp"] === "number" ? undefined : "has a record without a timestamp";
}

function isList(value: unknown): boolean {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isBytes(value: unknown): boolean {
  return value === null || value instanceof Uint8Array;
}
