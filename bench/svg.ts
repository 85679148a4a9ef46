/**
 * Curves as an SVG, one panel each, both axes logarithmic: twice as far up is ten times as much, wherever it is.
 *
 * Plain text without script or style sheet, so that it shows wherever Markdown does, on dark and light ground.
 */

import type { Curve } from './parts/curves.ts';
import { numberText } from './table.ts';

const panel = { width: 320, height: 220, left: 66, right: 22, top: 34, bottom: 40 };
const ink = '#667788';
const line = '#d9822b';

export function svgOf(curves: readonly Curve[]): string {
  const width = panel.width * curves.length;
  const most = Math.max(...curves.flatMap(({ points }) => points.map(({ ns }) => ns)));
  const least = Math.min(...curves.flatMap(({ points }) => points.map(({ ns }) => ns)));
  const range: Range = [10 ** Math.floor(Math.log10(least)), 10 ** Math.ceil(Math.log10(most))];
  const panels = curves.map(
    (curve, i) => `<g transform="translate(${i * panel.width} 0)">\n${panelOf(curve, range)}\n</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${panel.height}" viewBox="0 0 ${width} ${panel.height}" font-family="sans-serif" font-size="11" fill="${ink}">
<title>What a reading costs</title>
${panels.join('\n')}
</svg>
`;
}

type Range = readonly [least: number, most: number];

function panelOf({ title, axis, points }: Curve, nsRange: Range): string {
  const x = scale([points[0]!.x, points.at(-1)!.x], [panel.left, panel.width - panel.right]);
  const y = scale(nsRange, [panel.height - panel.bottom, panel.top]);
  const path = points.map(({ x: at, ns }, i) => `${i === 0 ? 'M' : 'L'}${x(at)} ${y(ns)}`).join(' ');
  return [
    text(panel.left, 16, title, 'start'),
    ...decades(nsRange).map((ns) => gridLine(y(ns), `${numberText(ns)} ns`)),
    ...points.map(({ x: at }) => text(x(at), panel.height - panel.bottom + 16, shortText(at), 'middle')),
    text((panel.left + panel.width) / 2, panel.height - 6, axis, 'middle'),
    `<path d="${path}" fill="none" stroke="${line}" stroke-width="2"/>`,
    ...points.map(
      ({ x: at, ns }) =>
        `<circle cx="${x(at)}" cy="${y(ns)}" r="3" fill="${line}"><title>${numberText(ns)} ns</title></circle>`,
    ),
  ].join('\n');
}

function scale([from, to]: Range, [start, end]: readonly [number, number]): (value: number) => string {
  const span = Math.log(to / from) || 1;
  return (value) => (start + ((end - start) * Math.log(value / from)) / span).toFixed(1);
}

function decades([least, most]: Range): number[] {
  const count = Math.round(Math.log10(most / least)) + 1;
  return Array.from({ length: count }, (_, i) => least * 10 ** i);
}

function gridLine(y: string, label: string): string {
  const stroke = `stroke="${ink}" stroke-opacity="0.3"`;
  return `<line x1="${panel.left}" x2="${panel.width - panel.right}" y1="${y}" y2="${y}" ${stroke}/>${text(panel.left - 6, Number(y) + 4, label, 'end')}`;
}

function text(x: number | string, y: number | string, words: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}

/** 100,000 is 100k: five of them stand side by side. */
function shortText(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : String(value);
}
