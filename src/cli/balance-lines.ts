/**
 * The balance of core/fates.ts as lines, one for each place on the path:
 *
 *     readings  1,234,067 = 1,234,000 to rules + 67 set aside
 *
 * Not here: what the numbers mean.
 */

import { type Account, accountsOf, totalOf } from '../core/fates.ts';
import type { GatewayStatus } from '../core/status.ts';
import { paint } from './table.ts';
import { printable } from './text-width.ts';
import { countText } from './units-text.ts';

const width = 80;

const titles: readonly (readonly [place: Account['place'], title: string])[] = [
  ['frames', 'frames'],
  ['device', 'readings'],
  ['rule', 'rules'],
  ['points', 'points'],
];

const words: Readonly<Record<string, string>> = {
  wanted: 'for devices',
  unrouted: 'no device wants',
  readings: 'to rules',
  duplicates: 'duplicates',
  setAside: 'set aside',
  inResults: 'in results',
  inWindows: 'in windows',
  filtered: 'filtered',
  late: 'late',
  overLimit: 'over limit',
  forgotten: 'forgotten by edits',
  waiting: 'waiting',
  sent: 'sent',
  lost: 'lost',
  merged: 'merged away',
};

/** Indented by two; at most 80 columns wide unless a single part is. */
export function balanceLines(status: GatewayStatus, colours: boolean): string[] {
  const accounts = accountsOf(status);
  const totals = titles
    .map(([place, title]) => ({ title, total: totalOf(accounts, place) }))
    .filter(({ total }) => total.taken > 0 || total.missing !== 0);
  const digits = Math.max(0, ...totals.map(({ total }) => countText(total.taken).length));
  return [
    ...totals.flatMap(({ title, total }) => equation(title, total, digits)),
    ...accounts.filter(({ missing }) => missing !== 0).map((one) => alarm(one, colours)),
  ];
}

/** What is 0 is left out; parts that do not fit stand under the first one. */
function equation(title: string, { taken, fates }: Account, digits: number): string[] {
  const head = `  ${title.padEnd(8)}  ${countText(taken).padStart(digits)} = `;
  const parts = Object.entries(fates)
    .filter(([, count]) => count !== 0)
    .map(([fate, count]) => `${countText(count)} ${words[fate] ?? fate}`);
  const lines = [head + (parts[0] ?? '0')];
  for (const part of parts.slice(1)) {
    const longer = `${lines.at(-1)} + ${part}`;
    if (longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(`${' '.repeat(head.length - 2)}+ ${part}`);
  }
  return lines;
}

/** Nobody should ever see it. */
function alarm({ place, name, missing }: Account, colours: boolean): string {
  const where = name === undefined ? place : `${place} ${printable(name)}`;
  const what =
    missing > 0 ? `${countText(missing)} of no fate` : `${countText(-missing)} with more than one fate`;
  const text = `  ${where}: ${what}. This is a mistake of headgate: please report it with \`status --format json\``;
  return colours ? paint('red', text) : text;
}
