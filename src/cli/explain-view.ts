/** Why a rule did or did not fire, as lines for people. Pure: the same answer gives the same lines. */

import type { ExplainedKey, ExplainedRule, ExplainedShape, ExplainedWindow } from '../core/explained.ts';
import { type AlertWords, alertWords, silenceWords } from './explain-alerts.ts';
import { noteTexts } from './explain-notes.ts';
import { clockText, conditionLines, spanText, valueTexts, wrapped } from './explain-words.ts';
import { keyText } from './status-view.ts';
import { type Cell, paint, type Style, table } from './table.ts';
import { printable } from './text-width.ts';
import { countText, durationText, timeText } from './units-text.ts';

export interface ViewOptions {
  readonly colours: boolean;
  /** Columns; values are broken into lines, conditions are not. */
  readonly width: number;
}

export function explainLines(explained: ExplainedRule, options: ViewOptions): string[] {
  const { key, keys, nowMs } = explained;
  const sections = [
    headLines(explained, options),
    ...(key ? keySections(explained, key, options) : []),
    ...(keys ? [keyTable(keys, nowMs, options)] : []),
    section('Notes', noteTexts(explained), options),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

function strong(text: string, { colours }: ViewOptions): string {
  return colours ? paint('bold', printable(text)) : printable(text);
}

function section(title: string, lines: readonly string[], options: ViewOptions): string[] {
  return lines.length === 0 ? [] : [strong(title, options), ...lines.map((line) => `  ${printable(line)}`)];
}

function headLines(explained: ExplainedRule, options: ViewOptions): string[] {
  const { rule, key, window, where, nowMs, active } = explained;
  const name = key && Object.keys(key.key).length > 0 ? `${rule}  ${keyText(key.key)}` : rule;
  const parts = [
    `from ${explained.inputs.map(({ name: from }) => from).join(', ')}`,
    ...(where === undefined ? [] : [`where ${where.replace(/\s+/g, ' ').trim()}`]),
    window ? shapeText(window) : 'each reading by itself',
    `by ${explained.by.join(', ') || 'nothing'}`,
  ];
  const hours = active && !active.isActive ? hoursText(active.nextMs, nowMs) : undefined;
  return [
    strong(name, options),
    ...wrapped(parts, options.width).map(printable),
    ...(hours === undefined ? [] : [hours]),
    `now ${timeText(Math.round(nowMs / 1000) * 1000)}; times of day are UTC`,
  ];
}

function hoursText(nextMs: number | undefined, nowMs: number): string {
  const next = nextMs === undefined ? '' : `; it judges again at ${clockText(nextMs, nowMs)}`;
  return `outside of its active hours: alerts are not judged${next}`;
}

function shapeText(shape: ExplainedShape): string {
  switch (shape.kind) {
    case 'time':
      return shape.everyMs === shape.lengthMs
        ? `windows of ${spanText(shape.lengthMs)}`
        : `windows of ${spanText(shape.lengthMs)}, every ${spanText(shape.everyMs)}`;
    case 'calendar':
      return `windows by the calendar: ${shape.cron} (${shape.zone})`;
    case 'session':
      return `sessions with pauses of less than ${spanText(shape.gapMs)}`;
    case 'count':
      return `windows of ${countText(shape.size)} readings, every ${countText(shape.every)}`;
  }
}

function keySections(explained: ExplainedRule, key: ExplainedKey, options: ViewOptions): string[][] {
  const { nowMs, window } = explained;
  const words = [
    ...key.alerts.map((alert) => alertWords(alert, nowMs, window !== undefined)),
    ...(key.silence ? [silenceWords(key.silence, nowMs)] : []),
  ];
  return [
    section('Last reading', readingLines(explained, key, options), options),
    section('Open windows', windowLines(explained, key, options), options),
    section('Last judged', resultLines(key, nowMs, options), options),
    words.length === 0
      ? []
      : [strong('Alerts', options), ...words.flatMap((one) => alertLines(one, options))],
  ];
}

function readingLines(
  { nowMs, latenessMs }: ExplainedRule,
  key: ExplainedKey,
  options: ViewOptions,
): string[] {
  const { lastReading, lastArrivalMs, watermarkMs } = key;
  const mark = watermarkMs === undefined ? [] : [watermarkText(watermarkMs, latenessMs, nowMs)];
  if (!lastReading) {
    const heard =
      lastArrivalMs === undefined
        ? 'none since the gateway started'
        : `arrived at ${clockText(lastArrivalMs, nowMs)}, ${durationText(nowMs - lastArrivalMs)} ago`;
    return [heard, ...mark];
  }
  const { arrivalMs, eventMs, values, where } = lastReading;
  const of = eventMs === arrivalMs ? '' : `, with the time ${clockText(eventMs, nowMs)}`;
  return [
    `arrived at ${clockText(arrivalMs, nowMs)}, ${durationText(nowMs - arrivalMs)} ago${of}`,
    ...wrapped(valueTexts(values), options.width - 2),
    ...(where ? conditionLines(where.holds ? 'taken: where' : 'filtered by `where`:', where) : []),
    ...mark,
  ];
}

function watermarkText(watermarkMs: number, latenessMs: number, nowMs: number): string {
  const lateness = latenessMs === 0 ? 'no lateness' : `lateness ${spanText(latenessMs)}`;
  return `watermark ${clockText(watermarkMs, nowMs)} (${lateness})`;
}

function windowLines(explained: ExplainedRule, key: ExplainedKey, { width }: ViewOptions): string[] {
  const { nowMs, window } = explained;
  const lines = key.windows.flatMap((one) => [
    boundsText(one, nowMs),
    ...wrapped(valueTexts(one.values), width - 4).map((line) => `  ${line}`),
    ...waitTexts(one, window!, nowMs).map((line) => `  ${line}`),
  ]);
  return key.moreWindows > 0 ? [...lines, `and ${countText(key.moreWindows)} more`] : lines;
}

function boundsText({ startMs, endMs }: ExplainedWindow, nowMs: number): string {
  if (endMs === undefined) return `since ${clockText(startMs, nowMs)}`;
  return `${clockText(startMs, nowMs)} – ${clockText(endMs, nowMs)}`;
}

function waitTexts(open: ExplainedWindow, shape: ExplainedShape, nowMs: number): string[] {
  const { closesWithMs, closesAtMs, isGlobal, waitsFor, readings, missing } = open;
  if (shape.kind === 'count') {
    return [
      `${countText(readings ?? 0)} of ${countText(shape.size)} readings: ${countText(missing ?? 0)} more close it`,
    ];
  }
  const session =
    shape.kind === 'session'
      ? [`ends ${spanText(shape.gapMs)} after its last reading${maxText(shape.maxMs)}`]
      : [];
  if (waitsFor) {
    const until = waitsFor.untilMs === undefined ? '' : ` of ${clockText(waitsFor.untilMs, nowMs)}`;
    return [
      ...session,
      `waits for the results${until} of rule ${waitsFor.rule}: headgate explain ${waitsFor.rule}`,
    ];
  }
  const who = isGlobal ? 'once every device has sent a reading' : 'with a reading';
  const withText = closesWithMs === undefined ? [] : [`${who} of ${clockText(closesWithMs, nowMs)} or later`];
  const atText = closesAtMs === undefined ? [] : [`at ${clockText(closesAtMs, nowMs)} if nothing more comes`];
  const closes = [...withText, ...atText].join(', or ');
  return closes === '' ? session : [...session, `closes ${closes}`];
}

function maxText(maxMs: number | undefined): string {
  return maxMs === undefined ? '' : `, and ${spanText(maxMs)} after its first at the latest`;
}

function resultLines({ lastResult }: ExplainedKey, nowMs: number, { width }: ViewOptions): string[] {
  if (!lastResult) return [];
  const { endMs, isEarly, values } = lastResult;
  const end =
    endMs === undefined ? 'a window that is still open' : `the window until ${clockText(endMs, nowMs)}`;
  return [isEarly ? `${end}, an early result` : end, ...wrapped(valueTexts(values), width - 2)];
}

const stateStyles: readonly (readonly [RegExp, Style])[] = [
  [/^firing/, 'red'],
  [/^pending/, 'yellow'],
  [/^ok/, 'green'],
];

function styled(state: string, { colours }: ViewOptions): string {
  const style = stateStyles.find(([pattern]) => pattern.test(state))?.[1];
  return colours && style ? paint(style, printable(state)) : printable(state);
}

function alertLines({ title, state, details }: AlertWords, options: ViewOptions): string[] {
  return [
    `  ${title.padEnd(8)}  ${styled(state, options)}`,
    ...details.map((line) => `    ${printable(line)}`),
  ];
}

function keyTable(
  { shown, more }: NonNullable<ExplainedRule['keys']>,
  nowMs: number,
  options: ViewOptions,
): string[] {
  const rows = shown.map(({ key, state, severity, lastArrivalMs }): Cell[] => {
    const style: Style = state === 'ok' ? 'green' : state === 'pending' ? 'yellow' : 'red';
    const heard =
      lastArrivalMs === undefined ? 'not since the start' : `${durationText(nowMs - lastArrivalMs)} ago`;
    return [keyText(key), { text: severity === undefined ? state : `${state} ${severity}`, style }, heard];
  });
  const columns = [{ title: 'key' }, { title: 'alerts' }, { title: 'last reading' }];
  return [
    `${strong('Keys', options)}, those heard last first; name one of them to see more`,
    ...table(columns, rows, options.colours).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${countText(more)} more`] : []),
  ];
}
