/**
 * The next page of each visitor, as an RxJS operator on a stream of clicks.
 *
 * The clicks are made up, from a seed, but for one habit that counts of n-grams find hard: a visitor looks at three
 * items, however many lists and searches lie between them, and then goes to the cart. Campaign pages come and go, so that
 * there are always pages that were never seen. What surprises is shown: visitors who do what such visitors don't.
 */
import { filter, from, tap } from "rxjs";
import { forecastSymbols } from "undercurrent-forecast";

const count = Number(process.argv[2] ?? 40_000);
let state = 7;
/** A linear congruential generator (Park & Miller, 1988): the same clicks everywhere. */
const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
const oneOf = (...pages: string[]): string => pages[Math.floor(random() * pages.length)]!;

interface Visitor {
  page: string;
  items: number;
}
const visitors = Array.from({ length: 300 }, (): Visitor => ({ page: "home", items: 0 }));

function nextPage(visitor: Visitor, click: number): string {
  if (random() < 0.004) return `campaign-${Math.floor(click / 2000)}`;
  switch (visitor.page) {
    case "home":
      return oneOf("search", "list", "login");
    case "search":
    case "login":
      return "list";
    case "list":
      return random() < 0.7 ? "item" : "search";
    case "item":
      if (++visitor.items < 3) return random() < 0.9 ? "list" : "help";
      visitor.items = 0;
      return "cart";
    case "cart":
      return random() < 0.7 ? "pay" : "list";
    case "help":
      return "list";
    default:
      return "home";
  }
}

const clicks = Array.from({ length: count }, (_, click) => {
  const visitor = Math.floor(random() ** 2 * visitors.length);
  const page = nextPage(visitors[visitor]!, click);
  visitors[visitor]!.page = page;
  return { visitor: `visitor-${visitor}`, page };
});

let scored = 0;
let bits = 0;
let surprises = 0;
from(clicks)
  .pipe(
    forecastSymbols({ key: (click) => click.visitor, symbol: (click) => click.page, maxSymbols: 64 }),
    filter((forecast) => !Number.isNaN(forecast.surprise)),
    tap(({ surprise }) => {
      scored++;
      bits += surprise;
    }),
    filter(({ surprise }) => scored > count / 2 && surprise > 8),
  )
  .subscribe({
    next: ({ key, symbol, surprise }) => {
      if (++surprises <= 5) console.log(`${key} opened ${symbol}: ${surprise.toFixed(1)} bits of surprise`);
    },
    complete: () => {
      console.log(`${surprises} surprises of more than 8 bits in the second half`);
      console.log(`perplexity ${(2 ** (bits / scored)).toFixed(3)} over ${scored} clicks`);
    },
  });
