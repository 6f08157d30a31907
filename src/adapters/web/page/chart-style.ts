/** What all charts share: the page's colours of the moment, axes in UTC and in plain numbers. */
import type uPlot from "uplot";
import type { Spans } from "../report-data.js";
import { formatValue } from "./format.js";

export interface Palette {
  readonly surface: string;
  readonly muted: string;
  readonly grid: string;
  readonly value: string;
  readonly forecast: string;
  readonly band: string;
  readonly anomaly: string;
}

/** The colours of page.css, light or dark as the reader has it. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    surface: colour("surface"),
    muted: colour("muted"),
    grid: colour("grid"),
    value: colour("value"),
    forecast: colour("forecast"),
    band: colour("band"),
    anomaly: colour("anomaly"),
  };
}

/** Calls back when the reader turns to the other colour scheme, until the signal. */
export function onSchemeChange(changed: () => void, signal: AbortSignal): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed, { signal });
}

const font = '12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif';
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** uPlot's table of tick formats: the smallest tick distance, the format, and the addition where a larger unit changes. */
const timeFormats: (string | number | null)[][] = [
  [365 * day, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * day, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [day, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [minute, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [second, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{ss}.{fff}", "\n{D} {MMM} {HH}:{mm}", null, "\n{D} {MMM} {HH}:{mm}", null, "\n{HH}:{mm}", null, 1],
];

export function baseAxis(palette: Palette): uPlot.Axis {
  return {
    stroke: palette.muted,
    font,
    grid: { stroke: palette.grid, width: 1 },
    ticks: { show: false },
  };
}

/** Time along x in milliseconds and UTC, whatever the reader's own zone: replayed days begin at midnight UTC. */
export function timeAxis(palette: Palette): uPlot.Axis {
  return { ...baseAxis(palette), space: 74, size: 42, gap: 6, values: timeFormats };
}

/** Values along y, as wide as their longest label. */
export function valueAxis(
  palette: Palette,
  values = (ticks: number[]) => ticks.map(formatValue),
): uPlot.Axis {
  return {
    ...baseAxis(palette),
    space: 42,
    gap: 6,
    values: (_, ticks) => values(ticks),
    // uPlot asks for a size before it has labels.
    size: (_, labels: string[] | null) =>
      14 + 6.8 * Math.max(3, ...(labels ?? []).map((label) => label.length)),
  };
}

/** Keeps a chart as large as its box, until the signal. */
export function followSize(box: HTMLElement, chart: () => uPlot | null, signal: AbortSignal): void {
  const observer = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = box;
    if (width > 0 && height > 0) chart()?.setSize({ width, height });
  });
  observer.observe(box);
  signal.addEventListener("abort", () => observer.disconnect());
}

/** A ring around a point of a chart: `x` and `y` on its scales, the radius in CSS pixels. */
export interface Ring {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly colour: string;
}

/** Draws a ring, as anomalies have. */
export function drawRing(chart: uPlot, { x, y, radius, colour }: Ring): void {
  const { ctx } = chart;
  ctx.save();
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.strokeStyle = colour;
  ctx.beginPath();
  ctx.arc(
    chart.valToPos(x, "x", true),
    chart.valToPos(y, "y", true),
    radius * devicePixelRatio,
    0,
    2 * Math.PI,
  );
  ctx.stroke();
  ctx.restore();
}

/** Shades spans of time over the height of a chart, as incidents have: at least 2 CSS pixels wide. */
export function drawSpans(chart: uPlot, { begins, ends }: Spans, colour: string): void {
  const { ctx, bbox } = chart;
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.globalAlpha = 0.16;
  ctx.fillStyle = colour;
  for (const [i, begin] of begins.entries()) {
    const from = chart.valToPos(begin, "x", true);
    const to = Math.max(chart.valToPos(ends[i]!, "x", true), from + 2 * devicePixelRatio);
    // A span may lie before or after what the chart shows.
    const visible = Math.max(from, bbox.left);
    if (to > visible && visible < right) {
      ctx.fillRect(visible, bbox.top, Math.min(to, right) - visible, bbox.height);
    }
  }
  ctx.restore();
}

type Column = Iterable<number | null | undefined>;

/** How far an interval may stretch the scale of the values: a young, wide one must not flatten them. */
const intervalShare = 0.6;

/** A scale that holds all values and forecasts, and the bounds of intervals as far as they do not dwarf them. */
export function valueRange(values: readonly Column[], bounds: readonly Column[]): uPlot.Range.MinMax {
  const [low, high] = extent(values);
  if (low > high) return [0, 1];
  const [boundLow, boundHigh] = extent(bounds);
  const span = high - low || Math.abs(high) || 1;
  const reach = span * intervalShare;
  const bottom = Math.min(low, Math.max(boundLow, low - reach));
  const top = Math.max(high, Math.min(boundHigh, high + reach));
  const margin = (top - bottom || span) * 0.06;
  return [bottom - margin, top + margin];
}

/** Smallest and largest number; Infinity and -Infinity if there is none. */
function extent(columns: readonly Column[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const column of columns) {
    for (const number of column) {
      if (number === null || number === undefined) continue;
      low = Math.min(low, number);
      high = Math.max(high, number);
    }
  }
  return [low, high];
}
