/** Finds the traces that records belong to, by their header traceparent (W3C Trace Context). */
import type { Link } from "@opentelemetry/api";
import type { InputRecord } from "../../pipeline/ports.js";

/** Links of a span; the SDK's own limit. */
const mostLinks = 128;
/** Version, trace id, id of the parent span, flags; a later version may append more. */
const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const headerName = "traceparent";
const sampled = 1;

/** Returns a link to each span that sent one of the records and was sampled: the first 128 of them. */
export function linksOf(records: readonly InputRecord[]): Link[] {
  const links: Link[] = [];
  const seen = new Set<string>();
  for (const { headers, offset } of records) {
    if (links.length === mostLinks) break;
    const text = headers.findLast(({ name }) => name === headerName)?.value;
    // Longer than any traceparent: not worth decoding.
    if (text === undefined || text.length > 512) continue;
    const value = Buffer.from(text).toString("latin1");
    const match = pattern.exec(value);
    if (match === null || seen.has(value)) continue;
    const [, traceId, spanId, flags] = match as unknown as [string, string, string, string];
    if ((parseInt(flags, 16) & sampled) === 0) continue;
    seen.add(value);
    links.push({
      context: { traceId, spanId, traceFlags: sampled, isRemote: true },
      attributes: { "messaging.kafka.offset": offset },
    });
  }
  return links;
}
