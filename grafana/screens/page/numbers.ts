/** Large numbers and bars: the last value of each series. */

import uPlot from 'uplot';
import { faded, overridesOf } from './chart.ts';
import { colour, type Shown, shownAs } from './colours.ts';
import { element } from './dom.ts';
import type { Line, PanelScene, Value } from './scene.ts';
import { inUnit } from './units.ts';

function lastOf({ values }: Line): Value {
  return values.findLast((value) => value !== null) ?? null;
}

export function drawNumber(
  { panel, lines }: PanelScene,
  box: HTMLElement,
  width: number,
  height: number,
): void {
  const field = panel.fieldConfig!.defaults;
  const [line] = lines;
  const value = line === undefined ? null : lastOf(line);
  const shown: Shown =
    value === null ? { text: field.noValue, colour: colour('text') } : shownAs(value, field);
  const isLoud = panel.options.colorMode === 'background' && value !== null;
  const ink = isLoud ? '#fff' : shown.colour;
  if (isLoud)
    box.parentElement!.style.background = `linear-gradient(120deg, ${faded(shown.colour, 0.75)}, ${faded(shown.colour, 0.95)})`;
  if (panel.options.graphMode === 'area' && line !== undefined && line.values.length > 1) {
    course(line, shown.colour, box, width, height * 0.45);
  }
  const text = element('div', 'number', shown.text ?? inUnit(value, field.unit ?? 'none', field.decimals));
  text.style.color = ink;
  text.style.fontSize = `${Math.min(46, height * 0.5, (width * 1.5) / Math.max(3, text.textContent!.length))}px`;
  box.append(text);
}

/** The course of the value behind it. */
function course({ times, values }: Line, ink: string, box: HTMLElement, width: number, height: number): void {
  const plot = element('div', 'course');
  box.append(plot);
  new uPlot(
    {
      width: width + 16,
      height,
      padding: [2, 0, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      axes: [{ show: false }, { show: false }],
      scales: { x: { time: true } },
      series: [{}, { stroke: ink, width: 1, fill: faded(ink, 0.2), points: { show: false }, spanGaps: true }],
    },
    [times.map((ms) => ms / 1000), values as (number | null)[]],
    plot,
  );
}

export function drawBars({ panel, lines }: PanelScene, box: HTMLElement, height: number): void {
  const field = panel.fieldConfig!.defaults;
  const last = lines
    .map((line) => ({ name: line.name, value: lastOf(line) }))
    .filter(({ value }) => value !== null);
  const most = field.max ?? Math.max(...last.map(({ value }) => Number(value)), 1);
  const list = element('div', 'bars');
  const each = Math.min(30, height / Math.max(1, last.length));
  for (const { name, value } of last) {
    const own = overridesOf(panel, name);
    const { colour: ink } = shownAs(value, field);
    const line = element('div', 'bar');
    line.style.height = `${each - 5}px`;
    const track = element('div', 'track');
    const fill = element('div', 'fill');
    fill.style.width = `${(100 * Number(value)) / most}%`;
    fill.style.background = `linear-gradient(90deg, ${faded(ink, 0.25)}, ${faded(ink, 0.75)})`;
    fill.style.borderRight = `2px solid ${ink}`;
    track.append(fill);
    const text = element(
      'span',
      'value',
      inUnit(value, own.get('unit') ?? field.unit ?? 'none', field.decimals),
    );
    text.style.color = ink;
    line.append(element('span', 'name', name), track, text);
    list.append(line);
  }
  box.append(list);
}
