/** The latest anomalies of all series, newest first; each leads to its series. */
import type { Anomaly } from "../wire.js";
import { create, element } from "./dom.js";
import { formatTime, formatValue } from "./format.js";
import type { SeriesState } from "./store.js";

export class AnomalyList {
  readonly #select: (key: string) => void;
  readonly #list = element("anomalies");
  /** Listed items, by series and time. */
  #items = new Map<string, HTMLElement>();

  constructor(select: (key: string) => void) {
    this.#select = select;
  }

  /** Adds and removes items one by one: those that stay keep the reader's focus and place. */
  show(anomalies: readonly Anomaly[], series: readonly SeriesState[]): void {
    const items = new Map<string, HTMLElement>();
    for (const anomaly of anomalies.toReversed()) {
      const key = series[anomaly.id]?.key;
      if (key === undefined) continue;
      const identity = JSON.stringify([key, anomaly.time, anomaly.value]);
      const known = items.get(identity) ?? this.#items.get(identity);
      const item = known ?? this.#create(key, anomaly);
      if (known === undefined) this.#list.prepend(item);
      items.set(identity, item);
    }
    for (const [identity, item] of this.#items) if (!items.has(identity)) item.remove();
    this.#items = items;
    element("no-anomalies").hidden = items.size > 0;
  }

  #create(key: string, { time, value, expected, score }: Anomaly): HTMLElement {
    const button = create("button");
    button.type = "button";
    const [head, foot] = [create("span", "row"), create("span", "row note")];
    head.append(create("bdi", "key", key), create("span", "score", score.toFixed(2)));
    foot.append(
      create("span", "", `${formatValue(value)}, expected ${formatValue(expected)}`),
      create("time", "", formatTime(time)),
    );
    button.append(head, foot);
    button.addEventListener("click", () => this.#select(key));
    const item = create("li");
    item.append(button);
    return item;
  }
}
