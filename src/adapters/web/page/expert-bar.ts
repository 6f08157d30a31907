/** The experts' shares in a forecast: one bar in their colours, and a legend that names them with their percentages. */
import type { ExpertShare } from "../wire.js";
import { create, setText } from "./dom.js";
import { formatPercent } from "./format.js";

/** Colours of base.css; further experts begin with the first again. */
const colours = 8;

/** The colour of the expert at this place in the forecaster's order, as the name of a property of base.css. */
export function expertColour(index: number): string {
  return `--expert-${(index % colours) + 1}`;
}

/** The bar alone, for a cell of a table; its text says the same. */
export function shareBar(shares: readonly ExpertShare[]): HTMLElement {
  const bar = create("span", "share-bar");
  bar.setAttribute("role", "img");
  bar.append(...shares.map((_, i) => coloured(create("span"), i)));
  fill(bar, shares);
  return bar;
}

export class ExpertBar {
  readonly #place: HTMLElement;
  #names = "";
  #bar: HTMLElement | undefined;
  #weights: readonly HTMLElement[] = [];

  /** Puts bar and legend at the end of `place`. */
  constructor(place: HTMLElement) {
    this.#place = place;
  }

  show(shares: readonly ExpertShare[]): void {
    const names = shares.map(({ name }) => name).join("\n");
    if (this.#bar === undefined || names !== this.#names) this.#build(shares);
    this.#names = names;
    fill(this.#bar!, shares);
    shares.forEach(({ weight }, i) => setText(this.#weights[i]!, formatPercent(weight)));
  }

  #build(shares: readonly ExpertShare[]): void {
    this.#bar?.nextElementSibling?.remove();
    this.#bar?.remove();
    this.#weights = shares.map(() => create("b"));
    const legend = create("ul", "share-legend");
    legend.append(
      ...shares.map(({ name }, i) => {
        const entry = coloured(create("li", "", `${name} `), i);
        entry.append(this.#weights[i]!);
        return entry;
      }),
    );
    this.#bar = shareBar(shares);
    this.#place.append(this.#bar, legend);
  }
}

function coloured<E extends HTMLElement>(target: E, index: number): E {
  target.style.setProperty("--expert", `var(${expertColour(index)})`);
  return target;
}

function fill(bar: HTMLElement, shares: readonly ExpertShare[]): void {
  shares.forEach(({ weight }, i) =>
    (bar.children[i] as HTMLElement).style.setProperty("flex-grow", String(weight)),
  );
  const text = shares.map(({ name, weight }) => `${name} ${formatPercent(weight)}`).join(", ");
  bar.setAttribute("aria-label", text);
  bar.title = text;
}
