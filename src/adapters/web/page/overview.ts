/** The small multiples: a card for each series, its chart drawn while on screen, found by name when they are many. */
import { create, element, setText } from "./dom.js";
import { formatCount, formatSeriesSkill, formatValue } from "./format.js";
import { SparkLine } from "./small-charts.js";
import type { SeriesState } from "./store.js";

/** Number of series from which on the page has a search field. */
const many = 9;

interface Card {
  readonly button: HTMLButtonElement;
  readonly last: HTMLElement;
  readonly spark: SparkLine;
  readonly skill: HTMLElement;
  readonly marks: HTMLElement;
  state: SeriesState;
  visible: boolean;
}

export class Overview {
  readonly #select: (key: string) => void;
  readonly #list = element("cards");
  readonly #search = element("search") as HTMLInputElement;
  readonly #cards: Card[] = [];
  readonly #byButton = new Map<Element, Card>();
  readonly #onScreen = new IntersectionObserver((entries) => this.#onScroll(entries), {
    rootMargin: "200px",
  });
  /** Ends with the cards that the grid has now. */
  #generation = new AbortController();
  #unkeptEvents = 0;

  constructor(select: (key: string) => void) {
    this.#select = select;
    this.#search.addEventListener("input", () => this.#filter());
  }

  /** After a snapshot: empties the grid if the server's series are others now. */
  renew(series: readonly SeriesState[]): void {
    if (this.#cards.every(({ state }) => series[state.id]?.key === state.key)) return;
    this.#generation.abort();
    this.#generation = new AbortController();
    this.#onScreen.disconnect();
    this.#byButton.clear();
    this.#cards.length = 0;
    this.#list.replaceChildren();
  }

  /** Brings the cards of these series up to date. */
  show(touched: readonly SeriesState[], unkeptEvents: number): void {
    const before = this.#cards.length;
    for (const state of touched) {
      const card = (this.#cards[state.id] ??= this.#add(state));
      card.state = state;
      this.#draw(card);
    }
    setText(
      element("to-series"),
      this.#cards.length === 1 ? "" : `All ${formatCount(this.#cards.length)} series`,
    );
    if (before !== this.#cards.length || this.#unkeptEvents !== unkeptEvents) {
      this.#unkeptEvents = unkeptEvents;
      element("search-field").hidden = this.#cards.length < many;
      this.#filter();
    }
  }

  /** Marks the card of the series that the detail shows. */
  press(id: number): void {
    for (const card of this.#cards) card.button.setAttribute("aria-pressed", String(card.state.id === id));
  }

  #add(state: SeriesState): Card {
    const button = create("button", "card");
    button.type = "button";
    button.title = state.key;
    const [head, foot] = [create("span", "row"), create("span", "row")];
    const marks = create("span", "marks");
    const last = create("span", "last");
    const skill = create("span", "skill");
    const box = create("span", "spark");
    head.append(create("bdi", "key", state.key), marks);
    foot.append(last, skill);
    button.append(head, foot, box);
    button.addEventListener("click", () => this.#select(state.key));
    this.#list.append(button);
    const card: Card = {
      button,
      last,
      spark: new SparkLine(box, this.#generation.signal),
      skill,
      marks,
      state,
      visible: false,
    };
    this.#byButton.set(button, card);
    this.#onScreen.observe(button);
    return card;
  }

  #onScroll(entries: readonly IntersectionObserverEntry[]): void {
    for (const entry of entries) {
      const card = this.#byButton.get(entry.target);
      if (card === undefined) continue;
      card.visible = entry.isIntersecting;
      if (card.visible) this.#draw(card);
    }
  }

  #draw({ state, last, skill, marks, spark, visible }: Card): void {
    const { anomalies } = state.score;
    setText(last, formatValue(state.values.at(-1)));
    setText(skill, formatSeriesSkill(state.score));
    setText(marks, anomalies === 0 ? "" : formatCount(anomalies));
    marks.title = `${formatCount(anomalies)} ${anomalies === 1 ? "anomaly" : "anomalies"} so far`;
    if (visible) spark.show(state);
  }

  #filter(): void {
    const sought = this.#search.value.trim().toLowerCase();
    let shown = 0;
    for (const { button, state } of this.#cards) {
      button.hidden = !state.key.toLowerCase().includes(sought);
      if (!button.hidden) shown++;
    }
    const total = this.#cards.length;
    const unkept =
      this.#unkeptEvents > 0
        ? `Only the first ${formatCount(total)} series are shown; all are forecast.`
        : "";
    setText(element("series-note"), sought === "" ? unkept : `${shown} of ${total} series`);
  }
}
