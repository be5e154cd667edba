import { formatNumber } from "./format.js";
import type { Table } from "./result.js";

const width = 760;
const labelWidth = 210;
const valueWidth = 90;
const barHeight = 18;
const groupGap = 30;
const top = 52;
const barsWidth = width - labelWidth - valueWidth;

const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .group { font-weight: 600 }
  .faint { fill: #59636e }
  .axis { stroke: #d1d9e0 }
  .spread { stroke: #59636e; stroke-width: 1.5 }
  .bar { fill: #afb8c1 }
  .subject { fill: #1f7a4d }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .faint { fill: #9198a1 }
    .axis { stroke: #3d444d }
    .spread { stroke: #d1d7e0 }
    .bar { fill: #656c76 }
    .subject { fill: #3fb27f }
  }`;

/** The table as horizontal bars, a group for each column; the thin line is the 10th to the 90th percentile. */
export function drawChart(table: Table): string {
  const values = table.rows.flatMap(({ figures }) => figures.flatMap((figure) => figure?.median ?? []));
  const scale = table.scale === "log" ? logScale(values) : linearScale(values);
  const parts: string[] = [];
  let y = top;
  for (const [column, head] of table.columns.entries()) {
    parts.push(`<text class="group" x="0" y="${y + 12}">${escapeText(head)}</text>`);
    y += 20;
    for (const { name, figures } of table.rows) {
      const figure = figures[column];
      if (figure === null || figure === undefined) continue;
      const kind = name === table.subject ? "bar subject" : "bar";
      const middle = y + barHeight / 2;
      const end = labelWidth + scale.place(figure.median);
      const far = Math.max(end, labelWidth + scale.place(figure.high));
      parts.push(
        `<text x="${labelWidth - 8}" y="${middle + 4}" text-anchor="end">${escapeText(name)}</text>`,
        `<rect class="${kind}" x="${labelWidth}" y="${y + 2}" width="${round(end - labelWidth)}" height="${barHeight - 4}" rx="2"/>`,
        `<line class="spread" x1="${round(labelWidth + scale.place(figure.low))}" x2="${round(far)}" y1="${middle}" y2="${middle}"/>`,
        `<text class="faint" x="${round(far + 6)}" y="${middle + 4}">${formatNumber(figure.median)}</text>`,
      );
      y += barHeight;
    }
    y += groupGap - 20;
  }
  const ticks = scale.ticks.map((tick) => {
    const x = round(labelWidth + scale.place(tick));
    const label = `<text class="faint" x="${x}" y="${y + 14}" text-anchor="middle">${tick.toLocaleString("en-US", { maximumSignificantDigits: 3 })}</text>`;
    return `<line class="axis" x1="${x}" x2="${x}" y1="${top}" y2="${y}"/>${label}`;
  });
  const sub = `${table.unit}, ${table.better} is better${table.scale === "log" ? ", logarithmic" : ""}`;
  const height = y + 28;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escapeText(table.title)}</title>
<style>${style}
</style>
<text class="title" x="0" y="18">${escapeText(table.title)}</text>
<text class="faint" x="0" y="38">${escapeText(sub)}</text>
${[...ticks, ...parts].join("\n")}
</svg>
`;
}

interface Scale {
  /** Pixels from the axis. */
  place(value: number): number;
  ticks: number[];
}

function linearScale(values: readonly number[]): Scale {
  const largest = Math.max(0, ...values);
  const most = largest === 0 ? 1 : largest;
  const step = 10 ** Math.floor(Math.log10(most));
  const stride = most / step < 3 ? step / 2 : step;
  const ticks = Array.from({ length: Math.floor(most / stride) + 1 }, (_, index) => index * stride);
  return { place: (value) => (Math.max(0, value) / most) * barsWidth, ticks };
}

/** From the power of ten below the least value to the one above the greatest. */
function logScale(values: readonly number[]): Scale {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return linearScale(values);
  let first = Math.floor(Math.log10(Math.min(...positive)));
  const last = Math.ceil(Math.log10(Math.max(...positive)) + 1e-9);
  // A bar that ends where the axis begins cannot be seen.
  if (Math.min(...positive) < 10 ** first * 1.2) first -= 1;
  const span = Math.max(1, last - first);
  const ticks = Array.from({ length: span + 1 }, (_, index) => 10 ** (first + index));
  return {
    place: (value) => (value <= 0 ? 0 : Math.max(0, ((Math.log10(value) - first) / span) * barsWidth)),
    ticks,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
