/** Draws a dashboard in Grafana's grid: the panels where its file says, each by its kind. */

import { drawChart } from './chart.ts';
import { colour } from './colours.ts';
import { element } from './dom.ts';
import { drawBars, drawNumber } from './numbers.ts';
import type { PanelScene, Scene } from './scene.ts';
import { drawStrips } from './strips.ts';
import { drawTable } from './table.ts';
import { clock } from './units.ts';

const pageWidth = 1440;
const margin = 12;
const gap = 8;
const cellHeight = 30;
const columnWidth = (pageWidth - 2 * margin + gap) / 24;

const scene = (await (await fetch('/scene.json')).json()) as Scene;
const body = document.body;
body.append(header());
const board = element('div', 'board');
body.append(board);
const names = [...new Set(scene.panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
let bottom = 0;
for (const { title, type, gridPos } of scene.dashboard.panels) {
  if (type !== 'row') continue;
  place(element('div', 'row-title', title), gridPos);
}
for (const panel of scene.panels) draw(panel);
board.style.height = `${bottom}px`;
body.append(element('div', 'caption', scene.caption));
document.title = `ready ${Math.ceil(document.documentElement.scrollHeight)}`;

function header(): HTMLElement {
  const top = element('div', 'top');
  top.append(element('h1', '', scene.dashboard.title));
  const chosen = element('div', 'chosen');
  for (const text of scene.chosen) chosen.append(element('span', 'pill', text));
  for (const { name, iconColor, enable } of scene.kinds) {
    const kind = element('span', enable ? 'pill kind' : 'pill kind off', name);
    kind.style.setProperty('--ink', colour(iconColor));
    chosen.append(kind);
  }
  const { fromMs, toMs } = scene.range;
  chosen.append(element('span', 'pill time', `${clock(fromMs, true)} to ${clock(toMs)} UTC`));
  top.append(chosen);
  return top;
}

function place(
  box: HTMLElement,
  { x, y, w, h }: PanelScene['panel']['gridPos'],
): { width: number; height: number } {
  const width = w * columnWidth - gap;
  const height = h * (cellHeight + gap) - gap;
  Object.assign(box.style, {
    left: `${margin + x * columnWidth}px`,
    top: `${y * (cellHeight + gap)}px`,
    width: `${width}px`,
    height: `${height}px`,
  });
  board.append(box);
  bottom = Math.max(bottom, y * (cellHeight + gap) + height);
  return { width, height };
}

function draw(panelScene: PanelScene): void {
  const { panel } = panelScene;
  const box = element('div', 'panel');
  const { width, height } = place(box, panel.gridPos);
  const title = element('div', 'title', panel.title);
  if (panel.timeFrom !== undefined && panel.type !== 'stat')
    title.append(element('span', 'lately', `last ${panel.timeFrom}`));
  const content = element('div', `content ${panel.type}`);
  box.append(title, content);
  const inside = { width: width - 16, height: height - 38 };
  if (panel.type === 'timeseries')
    drawChart(panelScene, scene.marks, names, content, inside.width, inside.height);
  else if (panel.type === 'stat') drawNumber(panelScene, content, inside.width, inside.height);
  else if (panel.type === 'bargauge') drawBars(panelScene, content, inside.height);
  else if (panel.type === 'state-timeline') drawStrips(panelScene, content, inside.height);
  else if (panel.type === 'table') drawTable(panelScene, content, inside.height);
  else throw new Error(`panels of the kind ${panel.type} cannot be drawn here yet`);
}
