/** A panel of lines over time, drawn by uPlot, which is what Grafana draws with. */

import uPlot from 'uplot';
import type { PanelJson } from '../../../test/grafana/dashboard-json.ts';
import { colour, paletteColour } from './colours.ts';
import { element } from './dom.ts';
import type { Line, Mark, PanelScene } from './scene.ts';
import { clock, inUnit } from './units.ts';

const grid = { stroke: 'rgba(204, 204, 220, 0.09)', width: 1 };
const font = '11px Inter, "DejaVu Sans", sans-serif';
const ink = '#9a9ba5';
const legendWidth = 250;

interface Drawn {
  readonly line: Line;
  readonly values: readonly (number | null)[];
  readonly colour: string;
  readonly isDashed: boolean;
  readonly isRight: boolean;
  readonly fillOpacity: number;
  readonly unit: string;
}

/** Draws into a box of this size. */
export function drawChart(
  scene: PanelScene,
  marks: readonly Mark[],
  names: readonly string[],
  box: HTMLElement,
  width: number,
  height: number,
): void {
  const { panel, range } = scene;
  if (scene.lines.length === 0) {
    box.append(element('div', 'empty', panel.fieldConfig!.defaults.noValue));
    return;
  }
  const times = [...new Set(scene.lines.flatMap((line) => line.times))].toSorted((a, b) => a - b);
  const drawn = drawnLines(scene, times, names);
  const legend = panel.options.legend;
  const isTable = legend.showLegend && legend.displayMode === 'table';
  const below = legend.showLegend && !isTable ? element('div', 'legend') : undefined;
  const plot = element('div', 'plot');
  box.append(plot);
  box.classList.toggle('beside', isTable);
  if (isTable) box.append(legendTable(drawn, panel));
  if (below !== undefined) {
    for (const one of drawn) below.append(swatch(one));
    box.append(below);
  }
  const options = optionsOf(scene, drawn, marks);
  const data = [times.map((ms) => ms / 1000), ...stacked(drawn, panel)] as uPlot.AlignedData;
  const chart = new uPlot(
    {
      ...options,
      width: width - (isTable ? legendWidth : 0),
      height: height - (below?.offsetHeight ?? 0),
    },
    data,
    plot,
  );
  chart.setScale('x', { min: range.fromMs / 1000, max: range.toMs / 1000 });
}

function drawnLines(
  { panel, lines }: PanelScene,
  times: readonly number[],
  names: readonly string[],
): Drawn[] {
  const { custom, unit = 'none' } = panel.fieldConfig!.defaults;
  return lines.map((line) => {
    const own = overridesOf(panel, line.name);
    const at = new Map(line.times.map((ms, i) => [ms, line.values[i] as number | null]));
    const fixed = own.get('color')?.fixedColor as string | undefined;
    return {
      line,
      values: times.map((ms) => at.get(ms) ?? null),
      colour: fixed === undefined ? paletteColour(line.name, names) : colour(fixed),
      isDashed: own.get('custom.lineStyle') !== undefined,
      isRight: own.get('custom.axisPlacement') === 'right',
      fillOpacity: (custom.fillOpacity ?? 0) / 100,
      unit: own.get('unit') ?? unit,
    };
  });
}

// biome-ignore lint/suspicious/noExplicitAny: any setting of a field
export function overridesOf(panel: PanelJson, name: string): Map<string, any> {
  const matching = panel.fieldConfig!.overrides.filter(({ matcher: { id, options } }) =>
    id === 'byRegexp' ? new RegExp(options.slice(1, -1)).test(name) : options === name,
  );
  return new Map(matching.flatMap(({ properties }) => properties.map(({ id, value }) => [id, value])));
}

function isStacked(panel: PanelJson): boolean {
  return panel.fieldConfig!.defaults.custom.stacking?.mode === 'normal';
}

/** Values as they are drawn: each on top of those before where they are stacked. */
function stacked(drawn: readonly Drawn[], panel: PanelJson): (number | null)[][] {
  if (!isStacked(panel)) return drawn.map(({ values }) => [...values]);
  const sums: number[] = [];
  return drawn.map(({ values }) =>
    values.map((value, i) => {
      sums[i] = (sums[i] ?? 0) + (value ?? 0);
      return value === null ? null : sums[i];
    }),
  );
}

function optionsOf(
  { panel }: PanelScene,
  drawn: readonly Drawn[],
  marks: readonly Mark[],
): Omit<uPlot.Options, 'width' | 'height'> {
  const field = panel.fieldConfig!.defaults;
  const { min, max, decimals, custom } = field;
  const bridgeS =
    typeof custom.spanNulls === 'number'
      ? custom.spanNulls / 1000
      : custom.spanNulls
        ? Number.POSITIVE_INFINITY
        : 0;
  const right = drawn.find(({ isRight }) => isRight);
  const axisOf = (unit: string) => ({
    stroke: ink,
    font,
    ticks: { show: false },
    ...incrementsOf(unit, decimals),
    values: (_: uPlot, splits: number[]) =>
      splits.map((one) => inUnit(one, unit, axisDecimals(splits, unit, decimals))),
    size: (_: uPlot, values: string[] | null) =>
      14 + 6.4 * Math.max(2, ...(values ?? []).map((text) => text.length)),
  });
  return {
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: true },
      y: { range: (_, low, high) => padded(low, high, limitsOf(panel), min, max) },
      ...(right === undefined
        ? {}
        : { right: { range: (_: uPlot, __: number, high: number) => padded(0, high, [], 0) } }),
    },
    axes: [
      {
        stroke: ink,
        font,
        grid,
        ticks: { show: false },
        values: (_, splits) => splits.map((s) => clock(s * 1000)),
        size: 24,
      },
      { ...axisOf(field.unit ?? 'none'), grid },
      ...(right === undefined
        ? []
        : [{ ...axisOf(right.unit), scale: 'right', side: 1 as const, grid: { show: false } }]),
    ],
    series: [
      {},
      ...drawn.map((one) => ({
        scale: one.isRight ? 'right' : 'y',
        stroke: one.colour,
        width: 1.25,
        ...(one.isDashed ? { dash: [6, 4] } : {}),
        ...(one.fillOpacity > 0 ? { fill: faded(one.colour, one.fillOpacity) } : {}),
        points: { show: false },
        // Which gaps are bridged: those up to the panel's length.
        spanGaps: false,
        gaps: (self: uPlot, seriesIndex: number, first: number, last: number) =>
          longGaps(self, seriesIndex, first, last, bridgeS),
      })),
    ],
    ...(isStacked(panel)
      ? { bands: drawn.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })) }
      : {}),
    hooks: { draw: [(self) => drawLimits(self, panel), (self) => drawMarks(self, marks)] },
  };
}

/** uPlot's gaps are in pixels; those shorter than what is bridged are drawn through. */
function longGaps(
  self: uPlot,
  seriesIndex: number,
  first: number,
  last: number,
  bridgeS: number,
): uPlot.Series.Gaps {
  const times = self.data[0];
  const values = self.data[seriesIndex]!;
  const found: uPlot.Series.Gaps = [];
  let before: number | undefined;
  for (let i = first; i <= last; i++) {
    if (values[i] === null || values[i] === undefined) continue;
    if (before !== undefined && i > before + 1 && times[i]! - times[before]! > bridgeS) {
      found.push([self.valToPos(times[before]!, 'x', true), self.valToPos(times[i]!, 'x', true)]);
    }
    before = i;
  }
  return found;
}

function padded(
  low: number | null,
  high: number | null,
  limits: readonly number[],
  min?: number,
  max?: number,
): [number, number] {
  const values = [low ?? 0, high ?? 1, ...limits];
  const bottom = min ?? Math.min(...values);
  const top = max ?? Math.max(...values);
  const room = Math.max(top - bottom, 1e-9) * 0.08;
  if (top === bottom) return [min ?? bottom - 1, top + 1];
  return [min === undefined ? bottom - room : bottom, max === undefined ? top + room : top];
}

function isLimited(panel: PanelJson): boolean {
  return panel.fieldConfig!.defaults.custom.thresholdsStyle !== undefined;
}

/** Limits that are drawn belong into the picture, so that their distance is seen. */
function limitsOf(panel: PanelJson): number[] {
  if (!isLimited(panel)) return [];
  return (panel.fieldConfig!.defaults.thresholds?.steps ?? []).flatMap(({ value }) =>
    value === null ? [] : [value],
  );
}

function drawLimits(self: uPlot, panel: PanelJson): void {
  if (!isLimited(panel)) return;
  const { ctx, bbox } = self;
  const withArea = String(panel.fieldConfig!.defaults.custom.thresholdsStyle.mode).endsWith('area');
  ctx.save();
  for (const { value, color } of panel.fieldConfig!.defaults.thresholds!.steps) {
    if (value === null) continue;
    const y = self.valToPos(value, 'y', true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = faded(colour(color), 0.8);
    ctx.setLineDash([8, 6]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    if (withArea) {
      ctx.fillStyle = faded(colour(color), 0.09);
      ctx.fillRect(bbox.left, bbox.top, bbox.width, y - bbox.top);
    }
  }
  ctx.restore();
}

/** Alerts: a dashed line through the chart and a triangle below it. */
function drawMarks(self: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = self;
  ctx.save();
  for (const { atMs, colour: name } of marks) {
    const x = self.valToPos(atMs / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const bottom = bbox.top + bbox.height;
    ctx.strokeStyle = faded(colour(name), 0.55);
    ctx.setLineDash([3, 3]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
    ctx.fillStyle = colour(name);
    ctx.beginPath();
    ctx.moveTo(x - 4, bottom + 6);
    ctx.lineTo(x + 4, bottom + 6);
    ctx.lineTo(x, bottom);
    ctx.fill();
  }
  ctx.restore();
}

export function faded(hex: string, opacity: number): string {
  if (!hex.startsWith('#')) return hex;
  return `${hex}${Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0')}`;
}

/** Distances of the lines of the grid that make handy numbers in a unit. */
function incrementsOf(unit: string, decimals?: number): { incrs?: number[] } {
  const powers = (base: number, steps: readonly number[], count: number): number[] =>
    Array.from({ length: count }, (_, i) => steps.map((step) => step * base ** i)).flat();
  if (unit === 'bytes') return { incrs: powers(1024, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512], 5) };
  if (unit === 's')
    return { incrs: [0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600] };
  return decimals === 0 && unit !== 'percentunit' ? { incrs: powers(10, [1, 2, 5], 9) } : {};
}

/** Axes need as many decimals as tell their splits apart, not as many as values have. */
function axisDecimals(splits: readonly number[], unit: string, decimals?: number): number | undefined {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0)) * (unit === 'percentunit' ? 100 : 1);
  if (unit === 'bytes' || unit === 's' || unit === 'short') return decimals === 0 ? 0 : undefined;
  return step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
}

function swatch({ line, colour: stroke, isDashed }: Drawn): HTMLElement {
  const item = element('span', 'swatch', line.name);
  item.style.setProperty('--ink', stroke);
  if (isDashed) item.classList.add('dashed');
  return item;
}

const present = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

function legendTable(drawn: readonly Drawn[], panel: PanelJson): HTMLElement {
  const { decimals } = panel.fieldConfig!.defaults;
  const rows = drawn
    .map((one) => ({ one, last: present(one.values).at(-1) ?? null, max: Math.max(...present(one.values)) }))
    .filter(({ last }) => last !== null)
    .toSorted((a, b) => b.max - a.max);
  const table = element('table', 'legend-table');
  table.style.width = `${legendWidth}px`;
  table.append(row('th', ['Name', 'Last', 'Max']));
  for (const { one, last, max } of rows) {
    const line = row('td', ['', inUnit(last, one.unit, decimals), inUnit(max, one.unit, decimals)]);
    line.firstElementChild!.append(swatch(one));
    table.append(line);
  }
  return table;
}

function row(cell: 'td' | 'th', texts: readonly string[]): HTMLElement {
  const line = element('tr', '');
  for (const text of texts) line.append(element(cell, '', text));
  return line;
}
