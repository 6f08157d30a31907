/** Turns the metrics of a Prometheus registry into those of OpenTelemetry: the same names, labels and numbers. */
import type * as Api from "@opentelemetry/api";
import type * as Metrics from "@opentelemetry/sdk-metrics";

/** A metric as `Registry.getMetricsAsJSON` of prom-client gives it. */
export interface PrometheusMetric {
  readonly name: string;
  readonly help: string;
  /** "counter", "gauge" or "histogram". */
  readonly type: unknown;
  readonly values: readonly PrometheusValue[];
}

export interface PrometheusValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
  /** Of a histogram: its name with _bucket, _sum or _count. */
  readonly metricName?: string | undefined;
}

/** When the metrics began, and when they were read; epoch milliseconds. */
export interface MetricTimes {
  readonly start: number;
  readonly end: number;
}

/** Values that are not known yet (NaN) are left out. */
export function metricData(
  { DataPointType, AggregationTemporality }: typeof Metrics,
  { ValueType }: typeof Api,
  metrics: readonly PrometheusMetric[],
  times: MetricTimes,
): Metrics.MetricData[] {
  const startTime = hrTime(times.start);
  const endTime = hrTime(times.end);
  return metrics.map(({ name, help, type, values }): Metrics.MetricData => {
    const shared = {
      descriptor: { name, description: help, unit: "", valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    };
    const point = <T>(labels: PrometheusValue["labels"], value: T): Metrics.DataPoint<T> => ({
      ...{ startTime, endTime, value },
      attributes: labels,
    });
    if (type === "histogram") {
      const dataPoints = histogramsOf(values).map(({ labels, histogram }) => point(labels, histogram));
      return { ...shared, dataPointType: DataPointType.HISTOGRAM, dataPoints };
    }
    const dataPoints = values
      .filter(({ value }) => !Number.isNaN(value))
      .map(({ labels, value }) => point(labels, value));
    if (type === "counter") {
      return { ...shared, dataPointType: DataPointType.SUM, dataPoints, isMonotonic: true };
    }
    return { ...shared, dataPointType: DataPointType.GAUGE, dataPoints };
  });
}

interface LabelledHistogram {
  readonly labels: PrometheusValue["labels"];
  readonly histogram: Metrics.Histogram;
}

/** Joins the values of each set of labels. Buckets of Prometheus count all that is below their bound. */
function histogramsOf(values: readonly PrometheusValue[]): LabelledHistogram[] {
  const groups = new Map<string, { labels: PrometheusValue["labels"]; values: PrometheusValue[] }>();
  for (const value of values) {
    const { le: _le, ...labels } = value.labels;
    const key = JSON.stringify(Object.entries(labels).sort());
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, values: [value] });
    else group.values.push(value);
  }
  return [...groups.values()].map(({ labels, values: all }) => {
    const find = (suffix: string): number =>
      all.find(({ metricName }) => metricName?.endsWith(suffix) === true)?.value ?? 0;
    const buckets = all
      .flatMap(({ labels: { le }, value }) => (le === undefined ? [] : [{ bound: Number(le), value }]))
      // "+Inf" is not a number to JavaScript; it holds all values.
      .filter(({ bound }) => Number.isFinite(bound))
      .sort((a, b) => a.bound - b.bound);
    const count = find("_count");
    const below = [...buckets.map(({ value }) => value), count];
    const counts = below.map((value, i) => value - (below[i - 1] ?? 0));
    return {
      labels,
      histogram: {
        buckets: { boundaries: buckets.map(({ bound }) => bound), counts },
        sum: find("_sum"),
        count,
      },
    };
  });
}

function hrTime(milliseconds: number): Api.HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - 1000 * seconds) * 1e6)];
}
