/** Waits for the brokers before a command uses them, with a progress line and a time limit. */
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../../errors/errors.js";
import { brokerError } from "../errors.js";
import type { KafkaConnection } from "../options.js";
import { loadWholeClient } from "../platformatic/load.js";
import { createAdmin } from "./admin.js";

/** Milliseconds of silence, and between two attempts. */
const patience = 2000;
const pause = 250;

export interface ReachOptions {
  /** Milliseconds after which it gives up. */
  readonly timeoutMs: number;
  /** Takes a line that names the brokers, after 2 s of waiting. */
  readonly report: (line: string) => void;
}

/**
 * Resolves once a broker has answered and taken the credentials. Throws BROKER_UNREACHABLE after the time limit, and at
 * once CREDENTIALS_REFUSED, TLS_REFUSED or ACCESS_DENIED.
 */
export async function reachBrokers(
  connection: KafkaConnection,
  { timeoutMs, report }: ReachOptions,
): Promise<void> {
  const brokers = connection.bootstrapServers.join(", ");
  const limit = `${timeoutMs / 1000} s`;
  // Its package takes up to a second to load, in which no broker is late.
  if (connection.client === "platformatic") await loadWholeClient();
  const deadline = performance.now() + timeoutMs;
  const notice = setTimeout(
    () => report(`trying to reach the brokers ${brokers}; gives up after ${limit} (--timeout)`),
    patience,
  );
  let last: UndercurrentError | undefined;
  try {
    do {
      last = await attempt(connection, deadline - performance.now());
      if (last === undefined) return;
      if (last.code !== "BROKER_UNREACHABLE") throw last;
      await sleep(Math.max(0, Math.min(pause, deadline - performance.now())));
    } while (performance.now() < deadline);
  } finally {
    clearTimeout(notice);
  }
  throw new UndercurrentError("BROKER_UNREACHABLE", `${last.message}; gave up after ${limit}`, {
    cause: last,
  });
}

/** Why one attempt failed; undefined where a broker answered. */
async function attempt(connection: KafkaConnection, leftMs: number): Promise<UndercurrentError | undefined> {
  // A request that is under way holds up the disconnect below, so it must not outlast the time that is left.
  const requestTimeout = Math.max(1, Math.ceil(leftMs));
  const admin = createAdmin(connection, { retries: 0, requestTimeoutMs: requestTimeout });
  const origin = `the brokers ${connection.bootstrapServers.join(", ")}`;
  const ended = new AbortController();
  const late = sleep(Math.max(0, leftMs), undefined, { signal: ended.signal }).then(() => {
    throw new UndercurrentError("BROKER_UNREACHABLE", `${origin}: no answer`);
  });
  late.catch(() => undefined);
  try {
    await Promise.race([admin.connect(), late]);
    return undefined;
  } catch (error) {
    return brokerError(error, origin);
  } finally {
    ended.abort();
    await admin.disconnect().catch(() => undefined);
  }
}
