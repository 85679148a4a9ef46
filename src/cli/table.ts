/** Aligned tables for people: a title row, then rows; columns as wide as their widest cell. */

import { styleText } from 'node:util';
import { fit, printable, widthOf } from './text-width.ts';

export interface Column {
  readonly title: string;
  /** Numbers stand right. */
  readonly align?: 'right';
}

export type Style = Parameters<typeof styleText>[0];
export type Cell = string | { readonly text: string; readonly style: Style };

/** Lines without trailing spaces. Colour never changes what is aligned with what. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  colours: boolean,
): string[] {
  const texts = rows.map((row) => row.map(textOf));
  const widths = columns.map(({ title }, c) =>
    Math.max(widthOf(title), ...texts.map((row) => widthOf(row[c] ?? ''))),
  );
  const line = (cells: readonly Cell[]): string => {
    const parts = columns.map(({ align }, c) => {
      const cell = cells[c] ?? '';
      const last = c === columns.length - 1 && align !== 'right';
      const padded = last
        ? textOf(cell)
        : fit(textOf(cell), widths[c]!, align === 'right' ? 'right' : 'left');
      return colours && typeof cell === 'object' ? paint(cell.style, padded) : padded;
    });
    return parts.join('  ').trimEnd();
  };
  const titles = columns.map(({ title }): Cell => ({ text: title, style: 'dim' }));
  return [line(titles), ...rows.map(line)];
}

/** Colours whether or not node thinks that stdout can show them: the caller has asked the right stream. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { validateStream: false });
}

/** Whether this stream wants colours: a terminal, and neither NO_COLOR nor NODE_DISABLE_COLORS is set. */
export function wantsColours(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && !process.env.NODE_DISABLE_COLORS;
}

function textOf(cell: Cell): string {
  return printable(typeof cell === 'string' ? cell : cell.text);
}
