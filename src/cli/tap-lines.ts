/** What passes as lines for people and for grep; points as line protocol. */

import type { Passing, PassingFrame, PassingReading } from '../core/passing.ts';
import { encodePoint } from '../outbox/line-protocol.ts';
import { valueText } from './explain-words.ts';
import { alertLine } from './replay/alert-line.ts';
import { keyText } from './status-view.ts';
import { printable } from './text-width.ts';
import { durationText, timeText } from './units-text.ts';

/** Points are as they are sent, line ends in texts and all, unless a terminal shows them. */
export function passingLine(passing: Passing, isTerminal: boolean): string {
  switch (passing.kind) {
    case 'frames':
      return printable(frameText(passing.frame));
    case 'readings':
      return printable(readingText(passing.reading));
    case 'points': {
      const { line, fault } = encodePoint(passing.point);
      if (line !== undefined) return isTerminal ? printable(line) : line;
      return printable(`# ${passing.point.measurement}: no line (${fault})`);
    }
    case 'alerts':
      return alertLine(passing.alert, false);
  }
}

function frameText({ source, topic, arrivalMs, bytes, text, base64, devices }: PassingFrame): string {
  const shown = text ?? `base64:${base64}`;
  const length = Buffer.byteLength(text ?? '') < bytes && text !== undefined ? ` … (${bytes} bytes)` : '';
  const who = devices.length === 0 ? '(no device)' : devices.join(',');
  return `${timeText(arrivalMs)} ${source} ${topic === '' ? '–' : topic} ${who} ${shown}${length}`;
}

/** Event time; behind it how much later it arrived, where that is more than a second. */
function readingText({ device, tags, eventMs, arrivalMs, values }: PassingReading): string {
  const delayMs = arrivalMs - eventMs;
  const delay = Math.abs(delayMs) < 1000 ? '' : ` (arrived ${delayText(delayMs)})`;
  const fields = Object.entries(values).map(([name, value]) => `${name}=${valueText(value)}`);
  return `${timeText(eventMs)} ${device} ${keyText(tags)} ${fields.join(' ')}${delay}`;
}

function delayText(ms: number): string {
  return ms > 0 ? `${durationText(ms)} later` : `${durationText(-ms)} before that`;
}
