/**
 * The demo in plain lines: for output that is no terminal, and for the last words on one that is.
 *
 * Invariant: every line can be printed as it is; names from the network are made safe.
 */

import type { Alert } from '../../core/types.ts';
import { table } from '../table.ts';
import { printable } from '../text-width.ts';
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

/** One change of an alert: "07:15:11  critical  probe-level  Pit wash-pit at 80 cm of 120". */
export function alertText({ atMs, state, severity, rule, message, firedAtMs }: Alert): string {
  const what = state === 'firing' ? severity : 'cleared';
  const after = state === 'firing' ? '' : ` (after ${lengthOf(atMs - firedAtMs)})`;
  return printable(`${timeOfDay(atMs)}  ${what.padEnd(8)}  ${rule.padEnd(13)}  ${message}${after}`);
}

/** How things stand, in one line. */
export function progressText(scene: Scene): string {
  const { status, elapsedMs, speed, rates } = scene;
  const pace = speed > 1 ? `, ${speed}× real time` : '';
  const parts = [
    `after ${lengthOf(elapsedMs)} (simulated ${timeOfDay(status.nowMs)}${pace})`,
    `${counted(status.fates.readings, 'reading')} (${whole(currentRate(rates))}/s)`,
    `${counted(sum(status.rules, 'windowsClosed'), 'window')} closed`,
    `${counted(status.forward.sent, 'point')} to ${status.forward.target}`,
    `alerts: ${whole(sum(status.rules, 'fired'))} fired, ${whole(sum(status.rules, 'cleared'))} cleared`,
  ];
  return printable(parts.join(', '));
}

export interface Closing {
  readonly startMs: number;
  /** Where the points are, as a user would type it. */
  readonly points: string;
}

/** The last words: what each rule has shown, and where the points are. */
export function summaryLines(scene: Scene, { startMs, points }: Closing, colours: boolean): string[] {
  const { status, elapsedMs, notes } = scene;
  const { rules, forward } = status;
  const span = `${dayOf(startMs)} ${timeOfDay(startMs)} to ${dayOf(status.nowMs)} ${timeOfDay(status.nowMs)}`;
  const rows = rules.map(({ name, windowsClosed, points: made, fired, cleared }) => [
    `  ${name}`,
    ...[windowsClosed, made, fired, cleared].map(whole),
  ]);
  const columns = ['windows', 'points', 'fired', 'cleared'].map((title) => ({
    title,
    align: 'right' as const,
  }));
  const kept = forward.pendingPoints > 0 ? `; ${whole(forward.pendingPoints)} more were not sent yet` : '';
  return [
    `headgate demo ran ${lengthOf(elapsedMs)}, simulated ${span}:`,
    ...table([{ title: '  rule' }, ...columns], rows, colours),
    verdict(provenRules(rules), rules.length),
    ...notes,
    `${counted(status.fates.readings, 'reading')} gave ${counted(forward.sent, 'point')}, now in ${points}${kept}`,
  ].map((line) => (colours ? line : printable(line)));
}

function verdict(proven: number, all: number): string {
  return proven === all
    ? `Each of the ${all} rules has fired and cleared.`
    : `${proven} of ${all} rules have fired and cleared; the others need more time.`;
}
