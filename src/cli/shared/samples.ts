/** Real series to try things with, as they would come: a replay of samples faster than real time, and this host's own load. */
import { Replay } from "../../adapters/files/replay.js";
import type { SampleSeries } from "../../adapters/files/sample-series.js";
import { hostMetrics } from "../../adapters/host/metrics.js";

const tickMilliseconds = 40;

export interface SampleSink {
  /** A value has come; NaN where it is missing. */
  take(key: string, time: number, value: number): void;
  /** That was all for now. */
  flush(): void;
}

/** Feeds the sink with `speed` values of each series in a second until the function it returns is called. */
export function streamSamples(series: readonly SampleSeries[], speed: number, sink: SampleSink): () => void {
  const replay = new Replay(series, speed);
  const host = hostMetrics().subscribe(({ key, time, value }) => sink.take(key, time, value ?? NaN));
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    replay.advance((now - last) / 1000, ({ key }, time, value) => sink.take(key, time, value));
    last = now;
    sink.flush();
  }, tickMilliseconds);
  return () => {
    host.unsubscribe();
    clearInterval(timer);
  };
}
