/** The large chart: values, the forecasts made before them, their interval, anomalies, and the next forecast. */
import uPlot from "uplot";
import {
  drawRing,
  drawSpans,
  followSize,
  onSchemeChange,
  readPalette,
  timeAxis,
  valueAxis,
  valueRange,
  type Palette,
} from "./chart-style.js";
import type { DetailState } from "./store.js";

type Column = (number | null)[];

const none = { begins: [], ends: [] };

/** Rows of uPlot's data. */
const rows = { time: 0, value: 1, expected: 2, lower: 3, upper: 4 } as const;

export class DetailChart {
  readonly #box: HTMLElement;
  readonly #pointAt: (index: number | null) => void;
  #chart: uPlot | null = null;
  #state: DetailState | null = null;
  /** Index into the state of the chart's first point. */
  #first = 0;
  /** Time of the value that the reader stepped to with the keyboard; it stays while the chart moves on. */
  #steppedTo: number | null = null;

  /** `pointAt` takes the index, in the state, of the value under the pointer; null for none. */
  constructor(box: HTMLElement, pointAt: (index: number | null) => void, signal: AbortSignal) {
    this.#box = box;
    this.#pointAt = pointAt;
    followSize(box, () => this.#chart, signal);
    onSchemeChange(() => this.#rebuild(), signal);
    box.addEventListener("keydown", (event) => this.#onKey(event));
    box.addEventListener("blur", () => this.#release());
  }

  /** Shows the last `count` values and the forecast after them. */
  show(state: DetailState, count: number): void {
    this.#state = state;
    this.#first = Math.max(0, state.times.length - count);
    const data = this.#data(state);
    if (this.#chart === null) this.#build(data);
    else this.#chart.setData(data);
  }

  #data(state: DetailState): uPlot.AlignedData {
    const from = (column: readonly (number | null)[]): Column => column.slice(this.#first);
    const { next } = state;
    const columns: Column[] = [
      from(state.times),
      from(state.values),
      from(state.expected),
      from(state.lower),
      from(state.upper),
    ];
    if (next !== null) {
      [next.time, null, next.yhat, next.lower, next.upper].forEach((number, i) => columns[i]!.push(number));
    }
    return inTimeOrder(columns) as uPlot.AlignedData;
  }

  #build(data: uPlot.AlignedData): void {
    const palette = readPalette();
    const line = (stroke: string, width: number): uPlot.Series => ({
      stroke,
      width,
      points: { show: false },
    });
    const bound: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
    const options: uPlot.Options = {
      width: this.#box.clientWidth,
      height: this.#box.clientHeight,
      ms: 1,
      tzDate: (time) => uPlot.tzDate(new Date(time), "Etc/UTC"),
      padding: [10, 26, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: true },
        y: {
          range: ({ data }) =>
            valueRange([data[rows.value]!, data[rows.expected]!], [data[rows.lower]!, data[rows.upper]!]),
        },
      },
      axes: [timeAxis(palette), valueAxis(palette)],
      series: [{}, line(palette.value, 1.6), line(palette.forecast, 1.5), bound, bound],
      bands: [{ series: [rows.upper, rows.lower], fill: palette.band }],
      hooks: {
        drawClear: [(chart) => drawSpans(chart, this.#state?.incidents ?? none, palette.anomaly)],
        draw: [(chart) => this.#drawMarks(chart, palette), () => this.#keepPointing()],
        setCursor: [(chart) => this.#onCursor(chart)],
      },
    };
    this.#chart = new uPlot(options, data, this.#box);
  }

  #rebuild(): void {
    this.#chart?.destroy();
    this.#chart = null;
    if (this.#state !== null) this.#build(this.#data(this.#state));
  }

  /** A ring around every anomaly; a diamond with a whisker for the value that has not come yet. */
  #drawMarks(chart: uPlot, palette: Palette): void {
    const state = this.#state!;
    const { ctx } = chart;
    const ratio = devicePixelRatio;
    const x = (time: number): number => chart.valToPos(time, "x", true);
    const y = (value: number): number => chart.valToPos(value, "y", true);
    for (let i = this.#first; i < state.times.length; i++) {
      const value = state.values[i];
      if ((state.anomalyScores[i] ?? 0) <= 1 || value === null || value === undefined) continue;
      drawRing(chart, { x: state.times[i]!, y: value, radius: 6, colour: palette.anomaly });
    }
    ctx.save();
    ctx.lineWidth = 2 * ratio;
    if (state.next !== null) {
      const { time, yhat, lower, upper } = state.next;
      const [atX, atY, arm] = [x(time), y(yhat), 5 * ratio];
      const { top, height } = chart.bbox;
      const within = (at: number): number => Math.min(top + height, Math.max(top, at));
      ctx.strokeStyle = palette.forecast;
      ctx.beginPath();
      if (lower !== null && upper !== null) {
        ctx.moveTo(atX, within(y(lower)));
        ctx.lineTo(atX, within(y(upper)));
      }
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(atX, atY - arm);
      ctx.lineTo(atX + arm, atY);
      ctx.lineTo(atX, atY + arm);
      ctx.lineTo(atX - arm, atY);
      ctx.closePath();
      ctx.fillStyle = palette.surface;
      ctx.fill();
      ctx.stroke();
    }
    ctx.restore();
  }

  #onCursor(chart: uPlot): void {
    const { idx } = chart.cursor;
    const index = idx === null || idx === undefined ? null : this.#first + idx;
    this.#pointAt(index !== null && index < this.#state!.times.length ? index : null);
  }

  #onKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1, Escape: 0 }[event.key];
    const chart = this.#chart;
    if (step === undefined || chart === null) return;
    event.preventDefault();
    if (step === 0) {
      this.#release();
      return;
    }
    const times = chart.data[rows.time] as number[];
    const last = this.#state!.times.length - 1 - this.#first;
    const at = this.#steppedTo === null ? last : times.indexOf(this.#steppedTo) + step;
    this.#pointTo(times[Math.min(last, Math.max(0, at))]!);
  }

  /** Points to the value at a time, or to the first value after it if that one has left the chart. */
  #pointTo(time: number): void {
    const chart = this.#chart!;
    const times = chart.data[rows.time] as number[];
    this.#steppedTo = Math.max(time, times[0]!);
    chart.setCursor({ left: chart.valToPos(this.#steppedTo, "x"), top: 0 });
  }

  /** Once the chart has its new scales: before, a time has its old place. */
  #keepPointing(): void {
    if (this.#steppedTo !== null) this.#pointTo(this.#steppedTo);
  }

  #release(): void {
    if (this.#steppedTo === null) return;
    this.#steppedTo = null;
    this.#chart?.setCursor({ left: -10, top: -10 });
  }
}

/** uPlot needs its x ascending; observations may come out of order. */
function inTimeOrder(columns: Column[]): Column[] {
  const times = columns[rows.time]! as number[];
  if (times.every((time, i) => i === 0 || times[i - 1]! <= time)) return columns;
  const order = times.map((_, i) => i).sort((a, b) => times[a]! - times[b]!);
  return columns.map((column) => order.map((i) => column[i]!));
}
