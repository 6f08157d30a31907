/** The charts of a report that the live page does not have: lines over the run, stacked weights, a whole series in bins. */
import uPlot from "uplot";
import type { FeaturedKey } from "../../report-data.js";
import type { Nullable } from "../../wire.js";
import {
  baseAxis,
  drawRing,
  drawSpans,
  timeAxis,
  valueAxis,
  valueRange,
  type Palette,
} from "../chart-style.js";
import { create } from "../dom.js";
import { expertColour } from "../expert-bar.js";
import { formatCount, formatPercent, formatValue } from "../format.js";
import { SizedChart } from "../sized-chart.js";

type Options = Omit<uPlot.Options, "width" | "height">;

/** Where points lie along x: times, or counts of events. */
interface Course {
  readonly at: readonly number[];
  readonly inTime: boolean;
}

export interface Line {
  readonly name: string;
  readonly colour: "forecast" | "muted" | "value";
  readonly values: readonly Nullable[];
  readonly dashed?: boolean;
}

export interface LineChartOptions extends Course {
  readonly lines: readonly Line[];
  /** Ends of the scale that are always in it. */
  readonly floor?: number;
  readonly ceiling?: number;
  readonly percent?: boolean;
  /** Description of the chart for screen readers. */
  readonly label: string;
}

export class LineChart extends SizedChart {
  readonly #line: LineChartOptions;

  constructor(figure: HTMLElement, options: LineChartOptions, signal: AbortSignal) {
    super(chartBox(figure, options.label), signal);
    this.#line = options;
    const legend = create("figcaption", "legend");
    legend.append(
      ...options.lines.map(({ name, colour, dashed }) =>
        create("span", `mark-${colour}${dashed === true ? " dashed" : ""}`, name),
      ),
    );
    figure.append(legend);
    this.draw([[...options.at], ...options.lines.map(({ values }) => [...values])]);
  }

  protected override options(palette: Palette): Options {
    const { lines, floor, ceiling, percent = false, at, inTime } = this.#line;
    const ends = [floor, ceiling].filter((end) => end !== undefined);
    const columns = lines.map(({ values }) => values);
    const format = percent ? (tick: number) => formatPercent(tick) : formatValue;
    return {
      ...frame(inTime),
      scales: {
        x: { time: inTime },
        y: {
          range: () => {
            const [bottom, top] = valueRange([...columns, ends], []);
            return [floor ?? bottom, ceiling ?? top];
          },
        },
      },
      axes: [alongAxis(inTime, palette), valueAxis(palette, (ticks) => ticks.map(format))],
      series: [
        {},
        ...lines.map(({ colour, dashed }) => ({
          stroke: palette[colour],
          width: 1.8,
          points: { show: at.length < 3 },
          ...(dashed === true ? { dash: [5, 4] } : {}),
        })),
      ],
    };
  }
}

/** Weights that sum to 1, stacked. */
export class WeightsChart extends SizedChart {
  readonly #course: Course;
  readonly #experts: number;

  constructor(
    figure: HTMLElement,
    {
      weights,
      label,
      ...course
    }: Course & { readonly weights: readonly (readonly number[])[]; readonly label: string },
    signal: AbortSignal,
  ) {
    super(chartBox(figure, label), signal);
    this.#course = course;
    this.#experts = weights.length;
    const sums = course.at.map(() => 0);
    const stacked = weights.map((column) => column.map((weight, i) => (sums[i] = sums[i]! + weight)));
    this.draw([[...course.at], ...stacked]);
  }

  protected override options(palette: Palette): Options {
    const style = getComputedStyle(document.documentElement);
    const colour = (expert: number): string => style.getPropertyValue(expertColour(expert)).trim();
    const experts = Array.from({ length: this.#experts }, (_, expert) => expert);
    return {
      ...frame(this.#course.inTime),
      scales: { x: { time: this.#course.inTime }, y: { range: [0, 1] } },
      axes: [
        alongAxis(this.#course.inTime, palette),
        valueAxis(palette, (ticks) => ticks.map((tick) => formatPercent(tick))),
      ],
      series: [
        {},
        ...experts.map((expert) => ({
          stroke: palette.surface,
          width: 1,
          points: { show: false },
          ...(expert === 0 ? { fill: colour(0) } : {}),
        })),
      ],
      bands: experts
        .slice(1)
        .map((expert) => ({ series: [expert + 1, expert] as uPlot.Band.Bounds, fill: colour(expert) })),
    };
  }
}

/** Rows of the data of a course. */
const rows = { greatest: 1, least: 2, upper: 3, lower: 4 } as const;

/** Draws all values of a key: their range in each bin, over the range of their intervals. */
export class CourseChart extends SizedChart {
  readonly #featured: FeaturedKey;

  constructor(box: HTMLElement, featured: FeaturedKey, signal: AbortSignal) {
    super(box, signal);
    this.#featured = featured;
    const { times, least, greatest, lower, upper } = featured.whole;
    this.draw([[...times], [...greatest], [...least], [...upper], [...lower]]);
  }

  protected override options(palette: Palette): Options {
    const { whole, anomalies, incidents } = this.#featured;
    const line = { stroke: palette.value, width: 1, points: { show: false } };
    const bound = { stroke: "transparent", width: 0, points: { show: false } };
    return {
      ...frame(true),
      scales: {
        x: { time: true },
        y: { range: () => valueRange([whole.least, whole.greatest], [whole.lower, whole.upper]) },
      },
      axes: [timeAxis(palette), valueAxis(palette)],
      series: [{}, line, line, bound, bound],
      bands: [
        { series: [rows.upper, rows.lower], fill: palette.band },
        { series: [rows.greatest, rows.least], fill: palette.value },
      ],
      hooks: {
        drawClear: [(chart) => drawSpans(chart, incidents, palette.anomaly)],
        draw: [
          (chart) =>
            anomalies.times.forEach((time, i) =>
              drawRing(chart, { x: time, y: anomalies.values[i]!, radius: 4, colour: palette.anomaly }),
            ),
        ],
      },
    };
  }
}

function chartBox(figure: HTMLElement, label: string): HTMLElement {
  const box = create("div", "chart");
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", label);
  figure.append(box);
  return box;
}

/** What all charts of a report share. */
function frame(inTime: boolean): Pick<uPlot.Options, "padding" | "legend" | "cursor" | "ms" | "tzDate"> {
  return {
    padding: [10, 26, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    ...(inTime ? { ms: 1, tzDate: (time: number) => uPlot.tzDate(new Date(time), "Etc/UTC") } : {}),
  };
}

function alongAxis(inTime: boolean, palette: Palette): uPlot.Axis {
  if (inTime) return timeAxis(palette);
  return {
    ...baseAxis(palette),
    space: 74,
    size: 26,
    gap: 4,
    values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? formatCount(tick) : "")),
  };
}
