/** The charts without interaction: a spark line for a series, and the curve of the training loss. */
import uPlot from "uplot";
import type { LossUpdate } from "../wire.js";
import { baseAxis, followSize, onSchemeChange, readPalette, valueAxis, type Palette } from "./chart-style.js";
import { formatCount } from "./format.js";
import type { SeriesState } from "./store.js";

/** A chart that is built when it first has data, again when the colours change, and gone with the signal. */
abstract class SmallChart {
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

/** The last values of a series by their order, with a ring around anomalies. */
export class SparkLine extends SmallChart {
  #anomalous: readonly (0 | 1)[] = [];

  show({ values, anomalous }: SeriesState): void {
    this.#anomalous = anomalous;
    this.draw([values.map((_, i) => i), values]);
  }

  protected override options(palette: Palette): Omit<uPlot.Options, "width" | "height"> {
    return {
      padding: [6, 5, 6, 5],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: { range: (_, low, high) => padded(low, high) } },
      axes: [{ show: false }, { show: false }],
      series: [{}, { stroke: palette.value, width: 1.4, points: { show: false } }],
      hooks: { draw: [(chart) => this.#ring(chart, palette.anomaly)] },
    };
  }

  #ring(chart: uPlot, colour: string): void {
    const { ctx } = chart;
    ctx.save();
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.strokeStyle = colour;
    chart.data[1]!.forEach((value, i) => {
      if (this.#anomalous[i] !== 1 || value === null || value === undefined) return;
      ctx.beginPath();
      ctx.arc(
        chart.valToPos(i, "x", true),
        chart.valToPos(value, "y", true),
        4 * devicePixelRatio,
        0,
        2 * Math.PI,
      );
      ctx.stroke();
    });
    ctx.restore();
  }
}

/** Training loss by model version. */
export class LossChart extends SmallChart {
  show({ versions, losses }: LossUpdate): void {
    if (versions.length > 1) this.draw([[...versions], [...losses]]);
  }

  protected override options(palette: Palette): Omit<uPlot.Options, "width" | "height"> {
    return {
      padding: [8, 18, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: { range: (_, __, high) => [0, high > 0 ? high * 1.08 : 1] } },
      axes: [
        {
          ...baseAxis(palette),
          space: 60,
          size: 24,
          gap: 4,
          values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? formatCount(tick) : "")),
        },
        valueAxis(palette),
      ],
      series: [{}, { stroke: palette.forecast, width: 1.6, points: { show: false } }],
    };
  }
}

function padded(low: number | null, high: number | null): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  return low === high ? [low - 1, high + 1] : [low, high];
}
