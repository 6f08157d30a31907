/** What one page has not seen yet: a cursor over a live view that yields snapshots and increments. */
import type { LiveView } from "./live-view.js";
import { overviewPoints, type Frame, type OverviewUpdate } from "./wire.js";

/**
 * The place of one page in a view. Nothing is queued for a page: each frame is read from the view's rings when the
 * page is ready for it, so a slow page costs no memory and gets a fresh start where it fell too far behind.
 */
export class FrameCursor {
  readonly #view: LiveView;
  readonly #selected: number;
  /** Points seen of each series. */
  readonly #seen: number[] = [];
  #detailSeen = 0;
  #lossSeen = -1;
  #anomaliesSeen = -1;
  #statusSeen = "";

  /** `selected` is the id of the series whose detail is sent; an unknown one stands for the first. */
  constructor(view: LiveView, selected: number) {
    this.#view = view;
    this.#selected = selected;
  }

  /** Everything new since the last call, or null if there is nothing. */
  next(): Frame | null {
    const view = this.#view;
    const status = view.status();
    const series = this.#series();
    const detail = this.#detail();
    const lossChanged = this.#lossSeen !== view.loss.revision;
    const anomaliesChanged = this.#anomaliesSeen !== view.anomalyTotal;
    const statusText = JSON.stringify(status);
    const changed =
      series.length > 0 ||
      detail !== null ||
      lossChanged ||
      anomaliesChanged ||
      statusText !== this.#statusSeen;
    if (!changed) return null;
    this.#statusSeen = statusText;
    this.#lossSeen = view.loss.revision;
    this.#anomaliesSeen = view.anomalyTotal;
    return {
      status,
      series,
      detail,
      ...(lossChanged ? { loss: view.loss.read() } : {}),
      ...(anomaliesChanged ? { anomalies: view.latestAnomalies() } : {}),
    };
  }

  #series(): OverviewUpdate[] {
    const updates: OverviewUpdate[] = [];
    for (const series of this.#view.series) {
      const seen = this.#seen[series.id] ?? 0;
      if (series.total === seen) continue;
      updates.push(series.overview(seen, overviewPoints));
      this.#seen[series.id] = series.total;
    }
    return updates;
  }

  #detail(): Frame["detail"] {
    const series = this.#view.series[this.#selected] ?? this.#view.series[0];
    if (series === undefined || series.total === this.#detailSeen) return null;
    const update = series.detail(this.#detailSeen);
    this.#detailSeen = series.total;
    return update;
  }
}
