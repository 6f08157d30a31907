/** The table of all keys: sorted by any column, searched by name, a page at a time so that thousands are no burden. */
import type { KeyColumns, ReportData } from "../../report-data.js";
import { create, setText } from "../dom.js";
import { shareBar } from "../expert-bar.js";
import { formatCount, formatPercent, formatValue } from "../format.js";
import { signed } from "./wording.js";

const rowsPerPage = 25;
/** With fewer keys there is nothing to search for. */
const searchedFrom = 12;

interface Column {
  readonly name: string;
  /** What narrow screens leave out. */
  readonly wide?: boolean;
  readonly of: (keys: KeyColumns, row: number) => string | number | null;
  readonly text: (keys: KeyColumns, row: number) => string;
}

function numeric(
  name: string,
  column: Exclude<keyof KeyColumns, "key" | "weights">,
  format: (value: number | null) => string,
  wide = false,
): Column {
  return {
    name,
    wide,
    of: (keys, row) => keys[column][row]!,
    text: (keys, row) => format(keys[column][row]!),
  };
}

const count = (value: number | null): string => formatCount(value ?? 0);

const columns: readonly Column[] = [
  { name: "Key", of: (keys, row) => keys.key[row]!, text: (keys, row) => keys.key[row]! },
  numeric("Skill", "skill", signed),
  numeric("MAE", "mae", formatValue),
  numeric("Persistence", "persistence", formatValue, true),
  numeric("Seasonal", "seasonal", formatValue, true),
  numeric("Smoothing", "smoothing", formatValue, true),
  numeric("Coverage", "coverage", (value) => formatPercent(value, 1)),
  numeric("Anomalies", "anomalies", count, true),
  numeric("Events", "events", count, true),
];

export class KeyTable {
  readonly #data: ReportData;
  readonly #heads: readonly HTMLTableCellElement[];
  readonly #body = create("tbody");
  readonly #note = create("p", "note");
  readonly #search = create("input");
  readonly #turns: readonly HTMLButtonElement[];
  readonly #collator = new Intl.Collator("en", { numeric: true });
  #order: number[];
  #found: readonly number[] = [];
  #sortedBy = -1;
  #descending = false;
  #page = 0;

  constructor(place: HTMLElement, data: ReportData) {
    this.#data = data;
    this.#order = data.keys.key.map((_, row) => row);
    this.#heads = columns.map((column, i) => this.#head(column, i));
    this.#turns = [this.#turn("Previous", () => this.#page - 1), this.#turn("Next", () => this.#page + 1)];
    this.#note.setAttribute("role", "status");
    place.append(this.#controls(), this.#table());
    this.#sort(1, true);
  }

  #table(): HTMLElement {
    const table = create("table", "keys");
    table.setAttribute("aria-labelledby", "keys-head");
    const head = create("thead");
    const row = create("tr");
    const experts = create("th", "wide experts-cell", "Experts");
    experts.scope = "col";
    row.append(...this.#heads, experts);
    head.append(row);
    table.append(head, this.#body);
    return table;
  }

  #controls(): HTMLElement {
    const bar = create("div", "table-bar");
    const { length } = this.#order;
    const label = create("label", "search");
    this.#search.type = "search";
    this.#search.placeholder = "Find a key";
    this.#search.addEventListener("input", () => this.#find());
    label.append(create("span", "hidden-text", "Find a key"), this.#search);
    label.hidden = length < searchedFrom;
    const turns = create("span", "turns");
    turns.append(...this.#turns);
    turns.hidden = length <= rowsPerPage;
    bar.append(label, this.#note, turns);
    return bar;
  }

  #head({ name, wide }: Column, index: number): HTMLTableCellElement {
    const cell = create("th", wide === true ? "wide" : "");
    cell.scope = "col";
    const button = create("button", "", name);
    button.type = "button";
    // Numbers begin with the greatest, names with A.
    button.addEventListener("click", () =>
      this.#sort(index, this.#sortedBy === index ? !this.#descending : index > 0),
    );
    cell.append(button);
    return cell;
  }

  #turn(name: string, page: () => number): HTMLButtonElement {
    const button = create("button", "", name);
    button.type = "button";
    button.addEventListener("click", () => {
      this.#page = page();
      this.#show();
    });
    return button;
  }

  #sort(index: number, descending: boolean): void {
    this.#sortedBy = index;
    this.#descending = descending;
    const { keys } = this.#data;
    const values = keys.key.map((_, row) => columns[index]!.of(keys, row));
    const sign = descending ? -1 : 1;
    this.#order.sort((a, b) => {
      const [x, y] = [values[a] ?? null, values[b] ?? null];
      // Missing numbers come last in either order.
      if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
      const order = typeof x === "string" ? this.#collator.compare(x, String(y)) : Math.sign(x - Number(y));
      return sign * order || a - b;
    });
    this.#heads.forEach((head, i) => {
      if (i === index) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    this.#find();
  }

  #find(): void {
    const query = this.#search.value.trim().toLowerCase();
    const { key } = this.#data.keys;
    this.#found = this.#order.filter((row) => key[row]!.toLowerCase().includes(query));
    this.#page = 0;
    this.#show();
  }

  #show(): void {
    const from = this.#page * rowsPerPage;
    const rows = this.#found.slice(from, from + rowsPerPage);
    this.#body.replaceChildren(...rows.map((row) => this.#row(row)));
    const [previous, next] = this.#turns;
    previous!.disabled = this.#page === 0;
    next!.disabled = from + rowsPerPage >= this.#found.length;
    const total = formatCount(this.#found.length);
    const shown = `${formatCount(from + 1)} to ${formatCount(from + rows.length)} of ${total} keys`;
    setText(this.#note, rows.length === 0 ? "No key matches." : shown);
  }

  #row(index: number): HTMLTableRowElement {
    const { keys, expertNames } = this.#data;
    const row = create("tr");
    const name = create("th");
    name.scope = "row";
    name.append(create("bdi", "", keys.key[index]));
    const cells = columns
      .slice(1)
      .map((column) => create("td", column.wide === true ? "wide" : "", column.text(keys, index)));
    const experts = create("td", "wide experts-cell");
    const from = index * expertNames.length;
    experts.append(
      shareBar(expertNames.map((expert, i) => ({ name: expert, weight: keys.weights[from + i]! }))),
    );
    row.append(name, ...cells, experts);
    return row;
  }
}
