/**
 * The live view: a scene as lines of text.
 *
 * Invariant: pure; never more lines than `height`, no line wider than `width`, nothing that could steer the terminal
 * but our own colours.
 * Not here: where on the screen the lines go; painter.ts does that.
 */

import type { DeviceLine, RuleLine } from '../../core/status.ts';
import type { Alert, Severity } from '../../core/types.ts';
import { paint, type Style } from '../table.ts';
import { cut, fit, widthOf } from '../text-width.ts';
import {
  counted,
  currentRate,
  dayOf,
  lengthOf,
  provenRules,
  type Scene,
  sum,
  timeOfDay,
  whole,
} from './scene.ts';

/** A piece of a line in one style. */
type Piece = readonly [text: string, style?: Style];
type Line = readonly Piece[];

const severityStyle: Record<Severity, Style> = { critical: ['red', 'bold'], warning: 'yellow', info: 'cyan' };
const heading: Style = ['bold', 'dim'];

/** Renders the scene for a terminal of `width` × `height`; without `colours` the lines are plain text. */
export function render(scene: Scene, width: number, height: number, colours: boolean): string[] {
  const roomy = height >= 30;
  const blank: Line[] = roomy ? [[]] : [];
  const top: Line[] = [
    ...header(scene, width),
    ...blank,
    ...sideBySide(stations(scene), devices(scene), width),
    ...blank,
    ...rules(scene),
    tally(scene),
    ...scene.notes.map(
      (note): Line => [
        [' ! ', 'yellow'],
        [note, 'yellow'],
      ],
    ),
    ...blank,
  ];
  const foot: Line = [[' Ctrl-C stops the demo', 'dim']];
  const room = Math.max(0, height - top.length - 1);
  const lines = [...top, ...alerts(scene, room, width), foot].slice(0, height);
  return lines.map((line) => finish(line, width, colours));
}

/** Cuts a line of pieces to the width and styles it. */
function finish(line: Line, width: number, colours: boolean): string {
  let left = width;
  let text = '';
  for (const [piece, style] of line) {
    const short = cut(piece, left);
    left -= widthOf(short);
    text += colours && style !== undefined && short !== '' ? paint(style, short) : short;
    if (left <= 0) break;
  }
  return colours ? text : text.trimEnd();
}

function widthOfLine(line: Line): number {
  return line.reduce((width, [text]) => width + widthOf(text), 0);
}

/** Two pieces of a line pushed to its two ends; undefined when they do not fit. */
function apart(left: Line, right: Line, width: number): Line | undefined {
  const gap = width - widthOfLine(left) - widthOfLine(right);
  return gap < 1 ? undefined : [...left, [' '.repeat(gap)], ...right];
}

function header(scene: Scene, width: number): Line[] {
  return [title(scene, width), [['─'.repeat(width), 'dim']], flow(scene, width)];
}

/** The demo and its clock; what matters least gives way on a narrow terminal. */
function title({ status, elapsedMs, speed }: Scene, width: number): Line {
  const name: Line = [
    [' headgate', ['bold', 'cyan']],
    [' demo', 'cyan'],
  ];
  const pace: Piece = speed > 1 ? [`  ${speed}× real time `, 'yellow'] : ['  real time ', 'green'];
  const clock: Line = [[timeOfDay(status.nowMs), 'bold'], pace];
  const gateway: Piece = [`  ${status.gateway}`, 'dim'];
  const day: Piece = [`${dayOf(status.nowMs)}  `, 'dim'];
  const elapsed: Piece = [` ${lengthOf(elapsedMs)} `, 'dim'];
  return (
    apart([...name, gateway], [day, ...clock, elapsed], width) ??
    apart(name, [...clock, elapsed], width) ??
    apart(name, clock, width) ??
    clock
  );
}

function flow({ status, rates }: Scene, width: number): Line {
  const { readings, setAside, duplicates } = status.fates;
  const rate: Line = [[` ${fit(whole(currentRate(rates)), 7, 'right')}`, 'bold'], [' readings/s  ']];
  const counts = `${whole(readings)} in all, ${whole(setAside)} set aside, ${counted(duplicates, 'duplicate')} `;
  const graphWidth = Math.min(60, width - widthOfLine(rate) - counts.length - 2);
  const graph: Line = graphWidth > 3 ? [[sparkline(rates, graphWidth), 'cyan']] : [];
  return apart([...rate, ...graph], [[counts, 'dim']], width) ?? rate;
}

const bars = '▁▂▃▄▅▆▇█';

/** The last `width` values as bars; the highest of them fills its row. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const most = Math.max(1, ...shown);
  return shown.map((value) => bars[Math.min(7, Math.floor((value / most) * 8))]).join('');
}

const troubled = /clos|wait|lost|down|fail|refus|paus|error/i;

function dot(state: string): Piece {
  return troubled.test(state) ? [' ● ', 'red'] : [' ● ', 'green'];
}

/** What comes in, what goes out. */
function stations({ status }: Scene): Line[] {
  const { forward, sources } = status;
  return [
    [[' IN', heading]],
    ...sources.map(
      ({ name, state, detail }): Line => [dot(state), [fit(name, 7), 'bold'], [` ${detail || state}`]],
    ),
    [[' OUT', heading]],
    [dot(forward.state), [counted(forward.sent, 'point'), 'bold'], [` to ${forward.target}`]],
    [['   '], [`${forward.state}, ${whole(forward.pendingPoints)} pending`, 'dim']],
  ];
}

function devices({ status }: Scene): Line[] {
  const row = ({ name, readings, series, lastArrivalMs }: DeviceLine): Line => {
    const last = lastArrivalMs === undefined ? '–' : lengthOf(Math.max(0, status.nowMs - lastArrivalMs));
    const text = `${fit(name, 20)}${right(readings, 10)}${right(series, 6)}`;
    return [
      [text, readings === 0 ? 'dim' : 'reset'],
      [fit(last, 12, 'right'), 'dim'],
    ];
  };
  const head = `${fit('DEVICES', 20)}${fit('readings', 10, 'right')}${fit('keys', 6, 'right')}`;
  return [[[`${head}${fit('last', 12, 'right')}`, heading]], ...status.devices.map(row)];
}

function right(value: number, width: number): string {
  return fit(whole(value), width, 'right');
}

/** Two blocks beside each other where they fit, else the left one over the right one. */
function sideBySide(left: readonly Line[], side: readonly Line[], width: number): Line[] {
  const sideWidth = Math.max(...side.map(widthOfLine));
  const leftWidth = width - sideWidth - 3;
  if (leftWidth < 28) return [...left, ...side.map((line): Line => [[' '], ...line])];
  return Array.from({ length: Math.max(left.length, side.length) }, (_, i): Line => {
    const cell = fitLine(left[i] ?? [], leftWidth);
    return [...cell, ['  '], ...(side[i] ?? [])];
  });
}

/** A line in exactly `width` columns. */
function fitLine(line: Line, width: number): Line {
  let room = width;
  const pieces: Piece[] = [];
  for (const [text, style] of line) {
    const short = cut(text, room);
    room -= widthOf(short);
    pieces.push(style === undefined ? [short] : [short, style]);
  }
  return [...pieces, [' '.repeat(room)]];
}

const ruleColumns = [
  ['keys', 5],
  ['windows', 9],
  ['points', 8],
  ['fired', 7],
  ['cleared', 9],
] as const;

function rules({ status }: Scene): Line[] {
  const firingOf = (name: string): number => status.alerts.filter(({ rule }) => rule === name).length;
  const head = ruleColumns.map(([title, columns]) => fit(title, columns, 'right')).join('');
  const row = (rule: RuleLine): Line => {
    const { keys, windowsClosed, points, fired, cleared } = rule;
    const values = [keys, windowsClosed, points, fired, cleared];
    const cells = values.map((value, i) => right(value, ruleColumns[i]![1])).join('');
    return [[` ${fit(rule.name, 16)}`, 'bold'], [cells], ['   '], ...verdict(rule, firingOf(rule.name))];
  };
  return [[[` ${fit('RULES', 16)}${head}`, heading]], ...status.rules.map(row)];
}

/** Whether the rule has shown both of its faces, and what it says now. */
function verdict({ fired, cleared }: RuleLine, firing: number): Line {
  const proven = fired > 0 && cleared > 0;
  const mark: Piece = proven ? ['✓ ', 'green'] : ['· ', 'dim'];
  if (firing > 0) return [mark, [`${firing} firing now`, 'red']];
  return [mark, proven ? ['fired and cleared', 'green'] : ['quiet so far', 'dim']];
}

function tally({ status: { rules: all } }: Scene): Line {
  const proven = provenRules(all);
  const done = proven === all.length && all.length > 0;
  const text = done
    ? ` ✓ each of the ${all.length} rules has fired and cleared`
    : ` ${proven} of ${all.length} rules have fired and cleared`;
  const counts = `${whole(sum(all, 'fired'))} fired, ${whole(sum(all, 'cleared'))} cleared`;
  return [
    [text, done ? 'green' : 'reset'],
    [` · ${whole(sum(all, 'windowsClosed'))} windows · ${counts}`, 'dim'],
  ];
}

function alerts({ alerts: all }: Scene, room: number, width: number): Line[] {
  if (room < 2) return [];
  const newest = all.slice(-(room - 1)).reverse();
  const none: Line[] = [[[' none yet', 'dim']]];
  return [
    [[' ALERTS, newest first', heading]],
    ...(newest.length > 0 ? newest.map((alert) => alertLine(alert, width)) : none),
  ];
}

function alertLine(alert: Alert, width: number): Line {
  const firing = alert.state === 'firing';
  const mark: Piece = firing
    ? [`▲ ${fit(alert.severity, 9)}`, severityStyle[alert.severity]]
    : ['▼ cleared  ', 'green'];
  const line: Line = [
    [` ${timeOfDay(alert.atMs)}  `, 'dim'],
    mark,
    [fit(alert.rule, 15)],
    firing ? [alert.message] : [alert.message, 'dim'],
  ];
  if (firing) return line;
  return apart(line, [[` after ${lengthOf(alert.atMs - alert.firedAtMs)} `, 'dim']], width) ?? line;
}
