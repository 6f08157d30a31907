/** WebSocket: prices come as JSON and one forecast is written back for each. `socket$` is `webSocket(url)` of rxjs. */
import type { Observable, Observer, Subscription } from "rxjs";
import { map } from "rxjs";
import { forecast } from "undercurrent-forecast";

interface Price {
  readonly symbol: string;
  readonly at: string;
  readonly price: number;
}

export const answer = (socket$: Observable<Price> & Observer<unknown>): Subscription =>
  socket$
    .pipe(
      forecast({ key: (p) => p.symbol, time: (p) => p.at, value: (p) => p.price }),
      map(({ key, yhat, yhatLower, yhatUpper }) => ({ key, yhat, yhatLower, yhatUpper })),
    )
    .subscribe(socket$);
