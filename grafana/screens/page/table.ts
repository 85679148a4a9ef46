/** Tables: columns in the order and with the looks that the panel says. */

import { faded, overridesOf } from './chart.ts';
import { shownAs } from './colours.ts';
import { element } from './dom.ts';
import type { PanelScene, Value } from './scene.ts';
import { inUnit } from './units.ts';

export function drawTable({ panel, table, range }: PanelScene, box: HTMLElement, height: number): void {
  const field = panel.fieldConfig!.defaults;
  if (table === undefined || table.rows.length === 0) {
    box.append(element('div', 'empty', field.noValue));
    return;
  }
  const { excludeByName, indexByName, renameByName } = panel.transformations![0]!.options;
  const columns = table.columns
    .map((name, at) => ({ name, at, title: renameByName[name] ?? name }))
    .filter(({ name }) => excludeByName[name] !== true)
    .toSorted((a, b) => (indexByName[a.name] ?? 99) - (indexByName[b.name] ?? 99));
  const sorted = sortedRows(table.rows, panel.options.sortBy, columns);
  const made = element('table', 'rows');
  const head = element('tr', '');
  for (const { title, name, at } of columns)
    head.append(element('th', isNumber(name, table.rows, at) ? 'number-cell' : '', title));
  made.append(head);
  for (const row of sorted.slice(0, Math.floor((height - 30) / 30))) {
    const line = element('tr', '');
    for (const { title, name, at } of columns) {
      const own = overridesOf(panel, title);
      const value = row[at] ?? null;
      const unit = own.get('unit') ?? field.unit;
      const shown = shownAs(value, { mappings: own.get('mappings'), thresholds: own.get('thresholds') });
      const cell = element(
        'td',
        isNumber(name, table.rows, at) ? 'number-cell' : '',
        shown.text ?? inUnit(value, unit, own.get('decimals'), range.toMs),
      );
      const look = own.get('custom.cellOptions')?.type;
      if (look === 'color-text') cell.style.color = shown.colour;
      if (look === 'color-background') cell.style.background = faded(shown.colour, 0.55);
      if (own.get('links') !== undefined) cell.classList.add('linked');
      if (own.get('custom.width') !== undefined) cell.style.width = `${own.get('custom.width')}px`;
      line.append(cell);
    }
    made.append(line);
  }
  box.append(made);
}

function isNumber(name: string, rows: readonly (readonly Value[])[], at: number): boolean {
  return name !== 'Time' && rows.some((row) => typeof row[at] === 'number');
}

function sortedRows(
  rows: readonly (readonly Value[])[],
  sortBy: readonly { displayName: string; desc: boolean }[] | undefined,
  columns: readonly { title: string; at: number }[],
): readonly (readonly Value[])[] {
  const [by] = sortBy ?? [];
  const column = columns.find(({ title }) => title === by?.displayName);
  if (column === undefined) return rows;
  return rows.toSorted((a, b) => Number(b[column.at]) - Number(a[column.at]));
}
