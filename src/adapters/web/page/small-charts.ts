/** The charts without interaction: a spark line for a series, and the curve of the training loss. */
import type uPlot from "uplot";
import type { LossUpdate } from "../wire.js";
import { baseAxis, drawRing, valueAxis, type Palette } from "./chart-style.js";
import { formatCount } from "./format.js";
import { SizedChart } from "./sized-chart.js";
import type { SeriesState } from "./store.js";

/** The last values of a series by their order, with a ring around anomalies. */
export class SparkLine extends SizedChart {
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
    chart.data[1]!.forEach((value, i) => {
      if (this.#anomalous[i] === 1 && value !== null && value !== undefined)
        drawRing(chart, { x: i, y: value, radius: 4, colour });
    });
  }
}

/** Training loss by model version. */
export class LossChart extends SizedChart {
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
