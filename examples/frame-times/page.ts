/**
 * A page forecasts its own frame times, live: `npm run frame-times` bundles and shows it. The page asks no server for anything.
 */
import { animationFrames, filter, fromEvent, map, pairwise, share, scan } from "rxjs";
import { anomalies, forecast, type EventForecast } from "undercurrent-forecast";

interface Frame {
  readonly at: number;
  readonly ms: number;
}

const frames$ = animationFrames().pipe(
  pairwise(),
  map(([before, { timestamp }]) => ({ at: timestamp, ms: timestamp - before.timestamp })),
  // A browser may tell two frames the same time.
  filter(({ ms }) => ms > 0),
);
const forecasts$ = frames$.pipe(
  forecast({
    key: () => "frame",
    time: ({ at }) => performance.timeOrigin + at,
    value: ({ ms }) => ms,
    kind: "rate",
  }),
  share(),
);

const canvas = document.querySelector("canvas")!;
const context = canvas.getContext("2d")!;
const output = document.querySelector("output")!;

/** Height of a frame time on the canvas, which shows up to 50 ms. */
const height = (ms: number): number => canvas.height * (1 - Math.min(ms, 50) / 50);

forecasts$
  .pipe(scan((last, each) => [...last.slice(1 - canvas.width / 3), each], [] as EventForecast<Frame>[]))
  .subscribe(draw);

function draw(last: readonly EventForecast<Frame>[]): void {
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (const [i, { value, expectedLower, expectedUpper, anomalyScore }] of last.entries()) {
    context.fillStyle = "#bcd";
    context.fillRect(3 * i, height(expectedUpper), 3, height(expectedLower) - height(expectedUpper));
    context.fillStyle = anomalyScore > 1 ? "#c20" : "#024";
    context.fillRect(3 * i, height(value) - 1, 3, anomalyScore > 1 ? 6 : 2);
  }
}

forecasts$
  .pipe(scan((count) => count + 1, 0))
  .subscribe((count) => (canvas.dataset["forecasts"] = String(count)));

forecasts$.pipe(anomalies()).subscribe(({ value, expected }) => {
  output.textContent = `A frame took ${value.toFixed(0)} ms; expected were ${expected.toFixed(0)} ms.`;
});

fromEvent(document.querySelector("button")!, "click").subscribe(() => {
  const end = performance.now() + 200;
  while (performance.now() < end);
});
