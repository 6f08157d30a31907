/** Draws some series of the corpus as one SVG: a row for each process. */
import { standardise } from "./noise.js";
import { processes } from "./processes.js";
import { Source } from "./source.js";

const size = { width: 190, height: 70, label: 80, gap: 10 };
const columns = 4;
const values = 160;
const step = 900_000;

/** Returns the picture for a seed. */
export function pictures(seed: number): string {
  const panels = processes.flatMap(({ name, make }, row) => {
    const y = row * (size.height + size.gap);
    const label = `<text x="0" y="${y + size.height / 2}">${name}</text>`;
    const lines = Array.from({ length: columns }, (_, column) => {
      const source = new Source(seed, row * columns + column);
      const times = Float64Array.from({ length: values }, (_value, i) => Date.UTC(2024, 0, 1) + i * step);
      const x = size.label + column * (size.width + size.gap);
      return `<path d="${pathOf(standardise(make(source, times)), x, y)}"/>`;
    });
    return [label, ...lines];
  });
  const width = size.label + columns * (size.width + size.gap);
  const height = processes.length * (size.height + size.gap);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Series of the corpus">
<rect width="100%" height="100%" fill="#fff"/>
<g fill="none" stroke="#2563eb" stroke-width="1">
${panels.filter((panel) => panel.startsWith("<path")).join("\n")}
</g>
<g fill="#333">
${panels.filter((panel) => panel.startsWith("<text")).join("\n")}
</g>
</svg>
`;
}

function pathOf(series: Float64Array, x: number, y: number): string {
  const low = Math.min(...series);
  const range = Math.max(...series) - low || 1;
  const points = Array.from(series, (value, i) => {
    const across = x + (i * size.width) / (series.length - 1);
    const down = y + size.height - ((value - low) / range) * size.height;
    return `${across.toFixed(1)},${down.toFixed(1)}`;
  });
  return `M${points.join(" ")}`;
}
