/**
 * Clicks per minute and page, as an RxJS operator: raw events in, one forecast per page and minute out.
 *
 * The clicks are made up, from a seed: two pages with a daily wave, and an hour in which the cart gets no clicks. No event
 * tells of that hour but those of the other page: they close the windows of both.
 */
import { filter, from, tap } from "rxjs";
import { forecast } from "undercurrent-forecast";

let state = 7;
/** A linear congruential generator (Park & Miller, 1988): the same clicks everywhere. */
const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;

const minute = 60_000;
const start = Date.UTC(2026, 2, 1);
const outage = { from: start + 2000 * minute, to: start + 2060 * minute };

function* clicks(): Generator<{ page: string; at: number }> {
  for (let at = start; at < start + 2160 * minute;) {
    const wave = Math.sin((2 * Math.PI * (at - start)) / (1440 * minute));
    at += Math.round((-Math.log(1 - random()) * minute) / (40 + 20 * wave));
    const page = random() < 0.6 ? "/" : "/cart";
    if (page === "/" || at < outage.from || at >= outage.to) yield { page, at };
  }
}

let windows = 0;
from(clicks())
  .pipe(
    forecast({
      key: (click) => click.page,
      time: (click) => click.at,
      value: () => 1,
      aggregate: { every: "1m", by: "count" },
      kind: "count",
    }),
    tap(() => windows++),
    filter(({ anomalyScore }) => anomalyScore > 1),
  )
  .subscribe({
    next: ({ key, time, value, expected }) =>
      console.log(`${new Date(time).toISOString()} ${key} ${value} clicks, expected ${expected.toFixed(1)}`),
    complete: () => console.log(`${windows} windows of a minute`),
  });
