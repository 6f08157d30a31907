/** What one page has not seen yet: a cursor over a live view that yields snapshots and increments. */
import type { LiveView } from "./live-view.js";
import { overviewPoints, type Frame, type OverviewUpdate } from "./wire.js";

/**
 * Tracks what one page has received of a view. Frames are not queued: each is read from the view's rings when the page is
 * ready. So a slow page costs no memory, and gets a fresh start if it falls too far behind.
 */
export class FrameCursor {
  readonly #view: LiveView;
  readonly #selected: number;
  /** Points seen of each series. */
  readonly #seen: number[] = [];
  #detailSeen = 0;
  #lossSeen = -1;
  #anomaliesSeen = -1;
  #incidentsSeen = 0;
  #statusSeen = "";

  /** `selected` is the id of the series whose detail is sent; an unknown id means the first series. */
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
    const incidentsChanged = this.#incidentsSeen !== view.incidentRevision;
    const statusText = JSON.stringify(status);
    const changed =
      series.length > 0 ||
      detail !== null ||
      lossChanged ||
      anomaliesChanged ||
      incidentsChanged ||
      statusText !== this.#statusSeen;
    if (!changed) return null;
    this.#statusSeen = statusText;
    this.#lossSeen = view.loss.revision;
    this.#anomaliesSeen = view.anomalyTotal;
    this.#incidentsSeen = view.incidentRevision;
    return {
      status,
      series,
      detail,
      ...(lossChanged ? { loss: view.loss.read() } : {}),
      ...(anomaliesChanged ? { anomalies: view.latestAnomalies() } : {}),
      ...(incidentsChanged ? { incidents: view.latestIncidents() } : {}),
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
