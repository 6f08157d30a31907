/** Streams sample series: a replay of real data faster than real time, and the load of this host. */
import { Replay } from "../../adapters/files/replay.js";
import type { SampleSeries } from "../../adapters/files/sample-series.js";
import { hostMetrics } from "../../adapters/host/metrics.js";

const tickMilliseconds = 40;

export interface SampleSink {
  /** Takes a value; NaN if it is missing. */
  take(key: string, time: number, value: number): void;
  /** Ends a batch of values. */
  flush(): void;
}

/** Passes `speed` values per second of each series to the sink. Returns the function that stops the stream. */
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
