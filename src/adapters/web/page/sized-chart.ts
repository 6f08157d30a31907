/** A chart as large as its box, in the colours of the moment. */
import uPlot from "uplot";
import { followSize, onSchemeChange, readPalette, type Palette } from "./chart-style.js";

/** A chart that is built when it first has data, again when the colours change, and gone with the signal. */
export abstract class SizedChart {
  readonly #box: HTMLElement;
  #chart: uPlot | null = null;
  #data: uPlot.AlignedData | null = null;

  constructor(box: HTMLElement, signal: AbortSignal) {
    this.#box = box;
    followSize(box, () => this.#chart, signal);
    onSchemeChange(() => {
      this.#destroy();
      if (this.#data !== null) this.draw(this.#data);
    }, signal);
    signal.addEventListener("abort", () => this.#destroy());
  }

  protected abstract options(palette: Palette): Omit<uPlot.Options, "width" | "height">;

  protected draw(data: uPlot.AlignedData): void {
    this.#data = data;
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (this.#chart !== null) this.#chart.setData(data);
    else this.#chart = new uPlot({ width, height, ...this.options(readPalette()) }, data, this.#box);
  }

  #destroy(): void {
    this.#chart?.destroy();
    this.#chart = null;
  }
}
