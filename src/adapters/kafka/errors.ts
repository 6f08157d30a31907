/** Maps errors of the Kafka clients to error codes and retry decisions. */
import { UndercurrentError } from "../../errors/errors.js";
import { CredentialError, refusalOf, type Refusal } from "./kafkajs/refusals.js";

/** Whatever the client wrapped, and wrapped again. */
export function innermost(error: unknown): unknown {
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined && !(inner instanceof UndercurrentError))
    inner = inner.cause;
  return inner;
}

/** The brokers' name of the first protocol error in an error of either client, otherwise the class of the innermost error. */
export function errorType(error: unknown): string {
  const [name] = protocolNames(error);
  if (name !== undefined) return name;
  const inner = innermost(error);
  return inner instanceof Error ? inner.name : "unknown";
}

/** Yields the error, its causes and the errors that it aggregates. */
function* within(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  if (!(error instanceof UndercurrentError)) yield* within(error.cause);
  const { errors } = error as { readonly errors?: unknown };
  if (Array.isArray(errors)) for (const one of errors) yield* within(one);
}

/** The brokers' names of all protocol errors in an error of either client: `type` with kafkajs, `apiId` with the other. */
export function protocolNames(error: unknown): ReadonlySet<string> {
  const names = [...within(error)].flatMap((one) => {
    const { type, apiId } = one as { readonly type?: unknown; readonly apiId?: unknown };
    return [type, apiId].filter((name) => typeof name === "string");
  });
  return new Set(names);
}

const credentialWithin = (error: unknown): CredentialError | undefined =>
  [...within(error)].find((one) => one instanceof CredentialError);

/** Returns the first refusal among an error, its causes and the errors that it aggregates. */
function refusalWithin(error: unknown): Refusal | undefined {
  // @platformatic/kafka takes every failure of a source of tokens for a refusal of the brokers.
  const credential = credentialWithin(error);
  if (credential !== undefined) return refusalOf(credential);
  for (const one of within(error)) {
    const refusal = refusalOf(one);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/**
 * kafkajs' name for a group or a transactional id without a coordinator, as while the broker that was it starts again. It
 * gives up then; while there are brokers at all there will be one.
 */
export function hasNoCoordinator(error: unknown): boolean {
  return errorType(error) === "KafkaJSGroupCoordinatorNotFound";
}

/** Codes of the other client for brokers that do not answer. */
const unreachableCodes = new Set<unknown>(["PLT_KFK_NETWORK", "PLT_KFK_TIMEOUT"]);

/** Whether the same may succeed later: the brokers cannot be reached, or are not ready. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof UndercurrentError)
    return error.code === "BROKER_UNREACHABLE" && isRetriable(error.cause);
  if (refusalWithin(error) !== undefined) return false;
  if (hasNoCoordinator(error)) return true;
  const inner = innermost(error);
  if (inner instanceof Error && (inner as { readonly retriable?: unknown }).retriable === true) return true;
  return [...within(error)].some((one) => {
    const { code, canRetry } = one as { readonly code?: unknown; readonly canRetry?: unknown };
    return unreachableCodes.has(code) || canRetry === true;
  });
}

const fencing = [
  "INVALID_PRODUCER_EPOCH",
  "INVALID_TXN_STATE",
  "INVALID_PRODUCER_ID_MAPPING",
  "PRODUCER_FENCED",
];

/**
 * A newer owner of the transactional id exists, or the broker ended a transaction that took too long. 90 is
 * PRODUCER_FENCED, which kafkajs' table of errors does not have.
 */
export function isFenced(error: unknown): boolean {
  const names = protocolNames(error);
  return (
    fencing.some((name) => names.has(name)) ||
    (innermost(error) as { readonly code?: unknown } | null)?.code === 90
  );
}

/** Returns the messages of all aggregated errors, because the message of an AggregateError does not name the reason. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const credential = credentialWithin(error);
  if (credential !== undefined) return credential.message;
  const { errors } = error as { readonly errors?: unknown };
  if (!Array.isArray(errors)) return error.message;
  const each = errors.map((one) => {
    const { topic } = one as { readonly topic?: unknown };
    return `${typeof topic === "string" ? `${topic}: ` : ""}${messageOf(one)}`;
  });
  return [...new Set(each)].join("; ");
}

/** Returns the error for a refusal; undefined if there is none. */
function refused(error: unknown, what: string): UndercurrentError | undefined {
  const refusal = refusalWithin(error);
  return refusal && new UndercurrentError(refusal.code, `${what}: ${refusal.message}`, { cause: error });
}

/**
 * Returns the error for a failed commit: a refusal, FENCED, or COMMIT_UNCERTAIN if only the brokers can tell the outcome.
 */
export function commitError(error: unknown, what: string): UndercurrentError {
  if (error instanceof UndercurrentError) return error;
  const refusal = refused(error, what);
  if (refusal !== undefined) return refusal;
  return isFenced(error)
    ? new UndercurrentError(
        "FENCED",
        `${what}: another owner has taken over the partition (${messageOf(error)})`,
        {
          cause: error,
        },
      )
    : new UndercurrentError("COMMIT_UNCERTAIN", `${what}: ${messageOf(error)}`, { cause: error });
}

/** Anything else that the brokers refused, or the way to them. */
export function brokerError(error: unknown, what: string): UndercurrentError {
  if (error instanceof UndercurrentError) return error;
  const refusal = refused(error, what);
  if (refusal !== undefined) return refusal;
  return new UndercurrentError("BROKER_UNREACHABLE", `${what}: ${messageOf(error)}`, { cause: error });
}
