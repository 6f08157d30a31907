import { Buffer } from "node:buffer";

/**
 * Reads OpenTelemetry's metrics in JSON (OTLP), as the collector's Kafka exporter writes them with encoding: otlp_json.
 * A reading for each data point of a gauge or sum, and for the count and sum of each histogram. The key is the service, the
 * metric and its attributes: shop/http.requests/route=~1cart.
 *
 * @param {Uint8Array} value Bytes of the record.
 */
export default function decode(value) {
  const { resourceMetrics = [] } = JSON.parse(Buffer.from(value).toString());
  return resourceMetrics.flatMap(({ resource, scopeMetrics = [] }) => {
    const service = textOf(resource?.attributes?.find(({ key }) => key === "service.name")?.value);
    return scopeMetrics.flatMap(({ metrics = [] }) =>
      metrics.flatMap((metric) => {
        const points = (metric.gauge ?? metric.sum ?? metric.histogram)?.dataPoints ?? [];
        return points.flatMap((point) => readingsOf(point, [service, metric.name]));
      }),
    );
  });
}

function readingsOf(point, names) {
  const attributes = (point.attributes ?? []).map(({ key, value }) => `${key}=${textOf(value)}`).sort();
  const parts = attributes.length === 0 ? names : [...names, attributes.join(",")];
  const reading = (value, ...more) => ({
    key: [...parts, ...more].map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join("/"),
    // Nanoseconds, as text: milliseconds are exact.
    time: Math.floor(Number(point.timeUnixNano) / 1e6),
    value: Number(value),
  });
  // Whole numbers of 64 bits are texts.
  if (point.count !== undefined) {
    return [reading(point.count, "count"), ...(point.sum === undefined ? [] : [reading(point.sum, "sum")])];
  }
  const number = point.asDouble ?? point.asInt;
  // A point without a value says so in its flags.
  return number === undefined ? [] : [reading(number)];
}

/** The text of an attribute's value: {stringValue}, {intValue} and so on. */
function textOf(value = {}) {
  return String(Object.values(value)[0] ?? "");
}
