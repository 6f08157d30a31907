/** The latest incidents of all series, newest first, each with a picture of the values around; each leads to its series. */
import type { Nullable, PageIncident, Picture } from "../wire.js";
import { create, element } from "./dom.js";
import { formatTime, formatValue } from "./format.js";
import type { SeriesState } from "./store.js";

const size = { width: 300, height: 44, padding: 3 } as const;

export class IncidentList {
  readonly #select: (key: string) => void;
  readonly #list = element("incidents");
  /** Listed items, by series or group, kind and position. */
  #items = new Map<string, HTMLElement>();

  constructor(select: (key: string) => void) {
    this.#select = select;
  }

  /** Fills items that stay anew, so that they keep the reader's focus and place. */
  show(incidents: readonly PageIncident[], series: readonly SeriesState[]): void {
    const items = new Map<string, HTMLElement>();
    for (const incident of incidents.toReversed()) {
      const key = series[incident.id]?.key;
      if (key === undefined) continue;
      const { group, kind, position } = incident;
      const identity = JSON.stringify([group?.name ?? key, group ? "group" : kind === "silence", position]);
      const known = this.#items.get(identity);
      const item = known ?? this.#create(key);
      item.firstElementChild!.replaceChildren(...contentOf(key, incident));
      if (known === undefined) this.#list.prepend(item);
      items.set(identity, item);
    }
    for (const [identity, item] of this.#items) if (!items.has(identity)) item.remove();
    this.#items = items;
    element("no-incidents").hidden = items.size > 0;
  }

  #create(key: string): HTMLElement {
    const button = create("button");
    button.type = "button";
    button.addEventListener("click", () => this.#select(key));
    const item = create("li");
    item.append(button);
    return item;
  }
}

function contentOf(key: string, incident: PageIncident): Node[] {
  const { state, muted, group, begin, severity, picture } = incident;
  const rows = [create("span", "row"), create("span", "row"), create("span", "row note")] as const;
  rows[0].append(create("bdi", "key", group?.name ?? key), create("span", "score", severity.toFixed(1)));
  rows[1].append(
    create("span", "", kindText(incident)),
    create("span", "", muted ? `${state}, muted` : state),
  );
  rows[2].append(create("bdi", "what", figuresText(incident)), create("time", "", formatTime(begin)));
  return [...rows, drawing(picture, incident)];
}

function kindText({ kind, direction, group, peak }: PageIncident): string {
  if (group !== undefined) return `group, ${formatValue(peak.value)} members`;
  return [kind ?? "unknown", direction ?? ""].join(" ").trim();
}

function figuresText({ kind, group, peak }: PageIncident): string {
  if (group !== undefined) return group.members.join(", ");
  return kind === "silence" ? "" : `${formatValue(peak.value)}, expected ${formatValue(peak.expected)}`;
}

/** Draws the values as a line, the forecasts as a dashed one, and the time of the incident as a band. */
function drawing({ times, values, expected }: Picture, { begin, end }: PageIncident): SVGElement {
  const known = [...values, ...expected].filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const { width, height, padding } = size;
  const x = (i: number): number => (width * i) / Math.max(times.length - 1, 1);
  const y = (value: number): number =>
    high === low ? height / 2 : height - padding - ((height - 2 * padding) * (value - low)) / (high - low);
  const line = (points: readonly Nullable[]): string =>
    points
      .map((point, i) => {
        if (point === null) return "";
        const begins = i === 0 || points[i - 1] === null;
        return `${begins ? "M" : "L"}${x(i).toFixed(1)} ${y(point).toFixed(1)}`;
      })
      .join("");
  const picture = svg("svg", {
    class: "picture",
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "none",
  });
  picture.setAttribute("aria-hidden", "true");
  const from = times.findIndex((time) => time >= begin);
  const to = times.findLastIndex((time) => time <= end);
  if (from >= 0 && to >= from) {
    const [left, right] = [Math.max(x(from) - 1, 0), x(to) + 1];
    picture.append(
      svg("rect", {
        class: "span",
        x: String(left),
        y: "0",
        width: String(right - left),
        height: String(height),
      }),
    );
  }
  picture.append(
    svg("path", { class: "expected", d: line(expected) }),
    svg("path", { class: "value", d: line(values) }),
  );
  return picture;
}

function svg(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made: SVGElement = document.createElementNS<"svg">("http://www.w3.org/2000/svg", name as "svg");
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}
