/** What the client's errors mean to the pipeline. */
import { UndercurrentError } from "../../errors.js";

/** Whatever the client wrapped, and wrapped again. */
export function innermost(error: unknown): unknown {
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined && !(inner instanceof UndercurrentError))
    inner = inner.cause;
  return inner;
}

/** The broker's name of a protocol error, otherwise the class of the error. */
export function errorType(error: unknown): string {
  const inner = innermost(error);
  if (!(inner instanceof Error)) return "unknown";
  const { type } = inner as { readonly type?: unknown };
  return typeof type === "string" ? type : inner.name;
}

/** Whether the same may succeed later: the brokers cannot be reached, or are not ready. */
export function mayPass(error: unknown): boolean {
  const inner = innermost(error);
  return inner instanceof Error && (inner as { readonly retriable?: unknown }).retriable === true;
}

/**
 * A newer owner of the transactional id exists, or the broker ended a transaction that took too long. 90 is
 * PRODUCER_FENCED, which this client's table of errors does not have.
 */
export function isFenced(error: unknown): boolean {
  const fenced = ["INVALID_PRODUCER_EPOCH", "INVALID_TXN_STATE", "INVALID_PRODUCER_ID_MAPPING"];
  return (
    fenced.includes(errorType(error)) || (innermost(error) as { readonly code?: unknown } | null)?.code === 90
  );
}

/** Of an error that stands for several, the messages of all: its own does not say what is wrong. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errors } = error as { readonly errors?: unknown };
  if (!Array.isArray(errors)) return error.message;
  const each = errors.map((one) => {
    const { topic } = one as { readonly topic?: unknown };
    return `${typeof topic === "string" ? `${topic}: ` : ""}${messageOf(one)}`;
  });
  return [...new Set(each)].join("; ");
}

/** What ended a commit: another owner, or an outcome that only a look at what is durable can tell. */
export function commitError(error: unknown, what: string): UndercurrentError {
  if (error instanceof UndercurrentError) return error;
  return isFenced(error)
    ? new UndercurrentError("FENCED", `${what}: another owner has taken over (${messageOf(error)})`, {
        cause: error,
      })
    : new UndercurrentError("COMMIT_UNCERTAIN", `${what}: ${messageOf(error)}`, { cause: error });
}

/** Anything else that the brokers or the way to them refused. */
export function brokerError(error: unknown, what: string): UndercurrentError {
  if (error instanceof UndercurrentError) return error;
  return new UndercurrentError("BROKER_UNREACHABLE", `${what}: ${messageOf(error)}`, { cause: error });
}
