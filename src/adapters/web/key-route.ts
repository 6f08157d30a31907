/** Answers `GET /keys/KEY`: what the partitions of this instance know of a key, as JSON. */
import type { Context, Hono } from "hono";
import { escapeKeyPart } from "../../pipeline/decode-settings.js";
import type { KeyAnswer } from "../../pipeline/query/key-queries.js";

/** Asks the partitions of this instance for a key, or one of them. */
export type AskKey = (key: string, partition?: number, topic?: string) => Promise<KeyAnswer>;

/** Questions that wait for a commit at once: each holds a report in memory. */
const mostWaiting = 32;

/** @param patienceMs Time after which a question that waits for a commit is answered with 503, in ms. */
export function addKeys(app: Hono, ask: AskKey, patienceMs: number): void {
  let waiting = 0;
  app.get("/keys/:key{.+}", async (context) => {
    const partition = context.req.query("partition");
    if (partition !== undefined && !/^\d{1,10}$/.test(partition)) {
      return refuse(context, 400, {
        reason: "partition-invalid",
        message: "partition is not a whole number",
      });
    }
    const key = keyOf(context.req.param("key"), context.req.query("series"));
    if (waiting >= mostWaiting) {
      return refuse(context, 503, { reason: "busy", message: `${mostWaiting} questions wait already` });
    }
    waiting++;
    const number = partition === undefined ? undefined : Number(partition);
    const asked = ask(key, number, context.req.query("topic"));
    void asked.catch(() => undefined).finally(() => waiting--);
    const answer = await within(asked, patienceMs);
    if (answer === undefined) {
      return refuse(context, 503, {
        reason: "commit-pending",
        message: "the commit of the latest state has not landed",
      });
    }
    return respond(context, key, partition, answer);
  });
}

/** A series of a record has the record's key and its own name, as the forecasts topic has it. */
function keyOf(key: string, series: string | undefined): string {
  return series === undefined ? key : `${escapeKeyPart(key)}/${escapeKeyPart(series)}`;
}

function respond(
  context: Context,
  key: string,
  partition: string | undefined,
  { reports, live, takingOver }: KeyAnswer,
): Response {
  const held = { live, takingOver };
  if (reports.length > 0) return context.json({ key, partitions: reports, ...held });
  if (takingOver.length > 0) {
    const message = `partition ${takingOver.join(", ")} is being taken over; ask again`;
    return refuse(context, 409, { reason: "taking-over", message, ...held });
  }
  if (live.length === 0) {
    const message =
      partition === undefined
        ? "this instance holds no partition"
        : `this instance does not hold partition ${partition}`;
    return refuse(context, 404, { reason: "partition-elsewhere", message, ...held });
  }
  const message = `no state of this key in partition ${live.join(", ")}`;
  return refuse(context, 404, { reason: "unknown-key", message, ...held });
}

type Refusal = 400 | 404 | 409 | 503;

interface Reason {
  readonly reason: string;
  readonly message: string;
  /** Partitions that this instance holds. */
  readonly live?: KeyAnswer["live"];
  readonly takingOver?: KeyAnswer["takingOver"];
}

function refuse(context: Context, status: Refusal, reason: Reason): Response {
  const headers: Record<string, string> = status === 409 || status === 503 ? { "Retry-After": "1" } : {};
  return context.json(reason, status, headers);
}

/** Resolves to undefined after `milliseconds` without a result. */
async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
