/** Metrics of prom-client, made from their declarations. */
import { Counter, Gauge, Histogram, type Aggregator, type Registry } from "prom-client";
import type { MetricDeclaration } from "./metrics.js";

interface Common {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
  readonly aggregator: Aggregator;
}

function common(
  registry: Registry,
  name: string,
  { help, labels = [], together = "sum" }: MetricDeclaration,
): Common {
  return { name, help, labelNames: [...labels], registers: [registry], aggregator: together };
}

export function counterOf(registry: Registry, name: string, declaration: MetricDeclaration): Counter {
  return new Counter(common(registry, name, declaration));
}

/** A gauge with a reading is asked at each scrape. */
export function gaugeOf(
  registry: Registry,
  name: string,
  declaration: MetricDeclaration,
  reading?: () => number | undefined,
): Gauge {
  const gauge: Gauge = new Gauge({
    ...common(registry, name, declaration),
    ...(reading !== undefined && {
      collect: () => {
        const number = reading();
        if (number !== undefined) gauge.set(number);
      },
    }),
  });
  return gauge;
}

export function histogramOf(registry: Registry, name: string, declaration: MetricDeclaration): Histogram {
  const { buckets = [] } = declaration;
  return new Histogram({ ...common(registry, name, declaration), buckets: [...buckets] });
}
