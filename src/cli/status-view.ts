/** A gateway's status as tables for people. Pure: the same status gives the same lines. */

import type {
  DiskLine,
  FiringAlert,
  ForwardLine,
  GatewayStatus,
  JournalLine,
  NotifierLine,
  RuleLine,
  SourceLine,
} from '../core/status.ts';
import type { Severity } from '../core/types.ts';
import { noMarks, stateText } from './alert-marks.ts';
import { balanceLines } from './balance-lines.ts';
import { machineRow, ownPointsRows } from './own-rows.ts';
import { reasonsText } from './reasons-text.ts';
import { type Cell, type Column, paint, type Style, table } from './table.ts';
import { printable } from './text-width.ts';
import { bytesText, countText, durationText, timeText } from './units-text.ts';

export const severityStyle: Readonly<Record<Severity, Style>> = {
  info: 'cyan',
  warning: 'yellow',
  critical: 'red',
};

export function statusLines(status: GatewayStatus, colours: boolean): string[] {
  const sections = [
    headLines(status, colours),
    balanceSection(status, colours),
    section('Sources', sourceTable(status.sources, colours)),
    section('Devices', deviceTable(status, colours)),
    section('Rules', ruleTable(status, colours)),
    alertSection(status, colours),
    section('Notifiers', notifierTable(status.notifiers, colours)),
    storageLines(status, colours),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));

  function section(title: string, lines: readonly string[]): string[] {
    return lines.length === 0 ? [] : [strong(title, colours), ...lines.map((line) => `  ${line}`)];
  }
}

function strong(text: string, colours: boolean): string {
  return colours ? paint('bold', text) : text;
}

function headLines(status: GatewayStatus, colours: boolean): string[] {
  const { version, pid, restarts } = status;
  const parts = [
    `headgate ${version}`,
    `process ${pid}`,
    `up ${durationText(status.nowMs - status.startedMs)}`,
    ...when(restarts, restarts === 1 ? 'started once before' : `started ${countText(restarts)} times before`),
  ];
  return [
    `${strong(printable(status.gateway), colours)}  ${parts.join(', ')}`,
    ...clockLines(status, colours),
    ...filesLines(status, colours),
    ...overloadLines(status, colours),
  ];
}

function balanceSection(status: GatewayStatus, colours: boolean): string[] {
  const title = strong('Balance', colours);
  const lines = balanceLines(status, colours);
  return lines.length === 0 ? [`${title}: nothing has come in yet`] : [title, ...lines];
}

function clockLines({ clock, nowMs }: GatewayStatus, colours: boolean): string[] {
  const { state, steps, lastStepMs = 0 } = clock;
  const doubts = {
    waiting: 'clock not set yet: frames are journalled, and processed once it is',
    guessed: `clock not confirmed: going on with ${timeText(nowMs)}; no reading is called ahead of time`,
    sure: undefined,
  };
  const text = doubts[state];
  const times = steps === 1 ? 'once' : `${steps} times`;
  const by = `${durationText(Math.abs(lastStepMs))} ${lastStepMs < 0 ? 'back' : 'forward'}`;
  return [
    ...(text === undefined ? [] : [colours ? paint('yellow', text) : text]),
    ...when(steps, `clock stepped ${times}, last ${by}`),
  ];
}

/** Only what a person should act on. */
function filesLines({ files }: GatewayStatus, colours: boolean): string[] {
  if (files === undefined || files.state === 'current') return [];
  const since = `running the version of ${timeText(files.loadedMs)}`;
  const text = `files ${files.state}: ${printable(files.detail)}; ${since}`;
  return [colours ? paint('yellow', text) : text];
}

/** While more arrives than is processed. */
function overloadLines({ overload }: GatewayStatus, colours: boolean): string[] {
  if (overload.state === 'keeping up') return [];
  const { state, waitingFrames, waitingBytes, heldAnswers, behindMs, remedy } = overload;
  const parts = [
    `${countText(waitingFrames)} frames (${bytesText(waitingBytes)}) wait to be processed`,
    `the oldest batch is ${(behindMs / 1000).toFixed(1)} s overdue`,
    ...when(heldAnswers, `${countText(heldAnswers)} answers are held back`),
  ];
  const text = `${state}: ${parts.join(', ')}${remedy === undefined ? '' : `; ${remedy}`}`;
  return [colours ? paint('yellow', text) : text];
}

function when(count: number, text: string): string[] {
  return count > 0 ? [text] : [];
}

const right = (title: string): Column => ({ title, align: 'right' });
const left = (title: string): Column => ({ title });

function stateCell(state: string): Cell {
  return { text: state, style: isGoodState(state) ? 'green' : 'yellow' };
}

/** Nobody needs to look after it. */
export function isGoodState(state: string): boolean {
  return /^(?:connected|listening|open|idle|ready|running|writing|ok|on)\b/i.test(state);
}

function sourceTable(sources: readonly SourceLine[], colours: boolean): string[] {
  if (sources.length === 0) return [];
  const rows = sources.map(({ name, kind, state, detail, counters }) => {
    const counts = Object.entries(counters).filter(([, count]) => count !== 0);
    return [
      name,
      kind,
      stateCell(state),
      detail,
      counts.map(([what, n]) => `${what} ${countText(n)}`).join(', '),
    ];
  });
  return table([left('name'), left('kind'), left('state'), left('where'), left('counters')], rows, colours);
}

function deviceTable(status: GatewayStatus, colours: boolean): string[] {
  if (status.devices.length === 0) return [];
  const hasBadValues = status.devices.some(({ valuesSetAside }) => valuesSetAside > 0);
  const columns = [
    left('name'),
    right('readings'),
    right('series'),
    right('set aside'),
    right('duplicates'),
    ...(hasBadValues ? [right('bad values')] : []),
    left('last reading'),
    ...(status.devices.some(hasReasons) ? [left('set aside for')] : []),
  ];
  const rows = status.devices.map((device): Cell[] => [
    device.name,
    countText(device.readings),
    countText(device.series),
    troubleCell(device.setAside),
    countText(device.duplicates),
    ...(hasBadValues ? [troubleCell(device.valuesSetAside)] : []),
    device.lastArrivalMs === undefined ? 'never' : `${durationText(status.nowMs - device.lastArrivalMs)} ago`,
    reasonsText(device.reasons ?? {}),
  ]);
  return table(columns, rows, colours);
}

function hasReasons({ reasons = {} }: GatewayStatus['devices'][number]): boolean {
  return Object.keys(reasons).length > 0;
}

function ruleTable(status: GatewayStatus, colours: boolean): string[] {
  if (status.rules.length === 0) return [];
  const shown = ruleColumns.filter(
    ({ isRare, count }) => !isRare || status.rules.some((rule) => count(rule) > 0),
  );
  const rows = status.rules.map((rule): Cell[] => [
    rule.name,
    ...shown.map(({ isTrouble, count }) => (isTrouble ? troubleCell : countText)(count(rule))),
  ]);
  return table([left('name'), ...shown.map(({ title }) => right(title))], rows, colours);
}

interface RuleColumn {
  readonly title: string;
  readonly count: (rule: RuleLine) => number;
  /** Shown only where it says something. */
  readonly isRare?: true;
  readonly isTrouble?: true;
}

const ruleColumns: readonly RuleColumn[] = [
  { title: 'readings', count: (rule) => rule.readings },
  { title: 'in windows', count: (rule) => rule.inWindows },
  { title: 'filtered', count: (rule) => rule.filtered },
  { title: 'late', count: (rule) => rule.late, isTrouble: true },
  { title: 'over limit', count: (rule) => rule.overLimit, isRare: true, isTrouble: true },
  { title: 'forgotten', count: (rule) => rule.forgotten, isRare: true },
  { title: 'keys', count: (rule) => rule.keys },
  { title: 'closed', count: (rule) => rule.windowsClosed },
  { title: 'revised', count: (rule) => rule.revised, isRare: true },
  { title: 'points', count: (rule) => rule.points },
  { title: 'fired', count: (rule) => rule.fired },
  { title: 'cleared', count: (rule) => rule.cleared },
];

function troubleCell(count: number): Cell {
  return count === 0 ? '0' : { text: countText(count), style: 'yellow' };
}

function alertSection(status: GatewayStatus, colours: boolean): string[] {
  const title = strong('Alerts firing', colours);
  if (status.alerts.length === 0) return [`${title}: none`];
  const states = status.alerts.map(stateText);
  const isMarked = states.some((state) => state !== noMarks);
  const columns = ['severity', 'rule', 'key', 'since', ...(isMarked ? ['state'] : []), 'message'].map(left);
  const rows = status.alerts.map((alert, i): Cell[] => [
    { text: alert.severity, style: severityStyle[alert.severity] },
    alert.rule,
    keyText(alert.key),
    timeText(alert.firedAtMs),
    ...(isMarked ? [states[i]!] : []),
    alert.message,
  ]);
  return [title, ...table(columns, rows, colours).map((line) => `  ${line}`)];
}

/** `vehicle=01029 route=5520`; `–` for a rule without a key. */
export function keyText(key: FiringAlert['key']): string {
  const pairs = Object.entries(key).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? '–' : pairs.join(' ');
}

function notifierTable(notifiers: readonly NotifierLine[], colours: boolean): string[] {
  if (notifiers.length === 0) return [];
  const columns = [
    left('name'),
    left('state'),
    ...['delivered', 'pending', 'silenced', 'rejected'].map(right),
    left(''),
  ];
  const rows = notifiers.map((notifier): Cell[] => [
    notifier.name,
    stateCell(notifier.state),
    countText(notifier.delivered),
    countText(notifier.pending),
    countText(notifier.silenced),
    troubleCell(notifier.rejected),
    notifier.detail === notifier.state ? '' : notifier.detail,
  ]);
  return table(columns, rows, colours);
}

function storageLines(status: GatewayStatus, colours: boolean): string[] {
  const { journal, checkpoint } = status;
  const saved =
    checkpoint.atMs === undefined
      ? 'none yet'
      : `${durationText(status.nowMs - checkpoint.atMs)} ago, ${bytesText(checkpoint.bytes)}`;
  const rows: Cell[][] = [
    ['journal', journalCell(journal)],
    ['checkpoint', saved],
    [
      'processed',
      Number.isFinite(status.processedMs) ? `up to ${timeText(status.processedMs)}` : 'nothing yet',
    ],
    ['forward', forwardCell(status.forward)],
    ...backlogRows(status),
    ...ownPointsRows(status),
    ...diskRows(status.disk),
    machineRow(status),
  ];
  return [
    strong('Storage', colours),
    ...rows.map(([name, cell]) => storageLine(name as string, cell!, colours)),
  ];
}

function journalCell({ frames, commits, bytes, refused }: JournalLine): Cell {
  const parts = [
    `${countText(frames)} frames since the start`,
    `${countText(commits)} commits`,
    bytesText(bytes),
    ...when(refused, `${countText(refused)} frames could not be stored`),
  ];
  const text = parts.join(', ');
  return refused > 0 ? { text, style: 'yellow' } : text;
}

/** Only what a person should know of. */
function diskRows({ state, detail, losses, setAside }: DiskLine): Cell[][] {
  const lost = Object.entries(losses).flatMap(([log, loss]) => {
    const parts = [
      ...when(loss.lostRecords, `${countText(loss.lostRecords)} records lost`),
      ...when(loss.droppedRecords, `${countText(loss.droppedRecords)} records dropped`),
      ...when(loss.corruptSegments, `${countText(loss.corruptSegments)} segments damaged`),
      ...when(loss.tornBytes, `${bytesText(loss.tornBytes)} of unfinished writes cut off`),
    ];
    return parts.length === 0 ? [] : [`${log}: ${parts.join(', ')}`];
  });
  const rows: [string, string][] = [
    ...(state === 'ok' ? [] : [['disk', `${state}: ${detail}`] as [string, string]]),
    ...(lost.length === 0 ? [] : [['lost', lost.join('; ')] as [string, string]]),
    ...(setAside.length === 0 ? [] : [['set aside', setAside.join(', ')] as [string, string]]),
  ];
  return rows.map(([name, text]) => [name, { text, style: 'yellow' }]);
}

function storageLine(name: string, cell: Cell, colours: boolean): string {
  const text = printable(typeof cell === 'string' ? cell : cell.text);
  const painted = colours && typeof cell === 'object' ? paint(cell.style, text) : text;
  return `  ${name.padEnd(10)}  ${painted}`;
}

/** A detail that begins with the state, such as "down for 4 min: …", stands for both. */
function stateInWords({ state, detail }: { readonly state: string; readonly detail: string }): string {
  if (detail.startsWith(state)) return detail;
  return detail === '' ? state : `${state} (${detail})`;
}

/** Of an outage: how far behind, what was merged or is gone, and how long there is room. */
function backlogRows({ forward, nowMs }: GatewayStatus): Cell[][] {
  const { thinned, oldestPendingMs, roomMs } = forward;
  const isLong = roomMs !== undefined || thinned.from > 0;
  const parts = [
    ...(isLong && oldestPendingMs !== undefined
      ? [`oldest from ${durationText(nowMs - oldestPendingMs)} ago`]
      : []),
    ...(roomMs === undefined ? [] : [`room for ${durationText(roomMs)} more at this rate`]),
    ...when(thinned.from, `${countText(thinned.from)} points merged to ${countText(thinned.to)}`),
    ...when(thinned.leftOut, `${countText(thinned.leftOut)} values left out`),
  ];
  return parts.length === 0 ? [] : [['backlog', parts.join(', ')]];
}

function forwardCell(forward: ForwardLine): Cell {
  const parts = [
    `${forward.target}: ${stateInWords(forward)}`,
    `${countText(forward.sent)} points sent`,
    `${countText(forward.pendingPoints)} pending (${bytesText(forward.pendingBytes)})`,
    ...when(forward.setAside, `${countText(forward.setAside)} set aside`),
    ...when(forward.lost, `${countText(forward.lost)} lost`),
  ];
  const text = parts.join(', ');
  return forward.setAside + forward.lost > 0 ? { text, style: 'yellow' } : text;
}
