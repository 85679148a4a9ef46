/** The devices of a gateway as tables for people. Pure: the same answer gives the same lines. */

import type { DeviceDetail, DeviceDetails } from '../core/device-details.ts';
import { reasonsText } from './reasons-text.ts';
import { keyText } from './status-view.ts';
import { type Cell, paint, table } from './table.ts';
import { printable } from './text-width.ts';
import { countText, durationText } from './units-text.ts';

export function devicesLines(details: DeviceDetails, colours: boolean): string[] {
  const { devices, nowMs } = details;
  if (devices.length === 0) {
    return ['no devices: write device files, see `headgate check`', ...topicSection(details, colours)];
  }
  return [
    ...deviceTable(devices, nowMs, colours),
    ...devices.flatMap((device) => troubleLines(device, nowMs, colours)),
    ...topicSection(details, colours),
  ];
}

const right = (title: string) => ({ title, align: 'right' as const });

function deviceTable(devices: readonly DeviceDetail[], nowMs: number, colours: boolean): string[] {
  const counted = ['readings', 'rate', 'keys', 'silent', 'set aside', 'late', 'duplicates'];
  const columns = [{ title: 'device' }, ...counted.map(right), { title: 'last frame' }];
  const rows = devices.map((device): Cell[] => [
    device.name,
    countText(device.readings),
    rateText(device.perSecond),
    countText(device.series),
    device.silent === undefined ? '–' : troubleCell(device.silent.count),
    troubleCell(device.setAside),
    troubleCell(mostLate(device)),
    countText(device.duplicates),
    device.lastArrivalMs === undefined
      ? { text: 'never', style: 'yellow' }
      : `${durationText(nowMs - device.lastArrivalMs)} ago`,
  ]);
  return table(columns, rows, colours);
}

/** Each rule counts for itself: the most that one of them has. */
function mostLate({ late }: DeviceDetail): number {
  return Math.max(0, ...Object.values(late));
}

/** `12/s`, and by the minute or hour where that would be less than one. */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond >= 9.95) return `${countText(perSecond)}/s`;
  if (perSecond >= 0.995) return `${perSecond.toFixed(1)}/s`;
  return `${Math.max(1, Math.round(perSecond * 60))}/min`;
}

function troubleCell(count: number): Cell {
  return count === 0 ? '0' : { text: countText(count), style: 'yellow' };
}

/** Under the name of the device, what a person may have to act on. */
function troubleLines(device: DeviceDetail, nowMs: number, colours: boolean): string[] {
  const lines = [
    ...neverLines(device),
    ...(device.setAside + device.valuesSetAside > 0
      ? [`set aside: ${reasonsText(device.reasons ?? {})}`]
      : []),
    ...silentLines(device, nowMs),
    ...lateLines(device),
  ];
  if (lines.length === 0) return [];
  const name = printable(device.name);
  return ['', colours ? paint('bold', name) : name, ...lines.map((line) => `  ${printable(line)}`)];
}

function neverLines({ lastArrivalMs, topic, source }: DeviceDetail): string[] {
  if (lastArrivalMs !== undefined) return [];
  const from = source === undefined ? '' : ` from source ${source}`;
  return [`never sent since the start; it is expected${from}${topic === undefined ? '' : ` as ${topic}`}`];
}

function silentLines({ silent, silentAfterMs, series }: DeviceDetail, nowMs: number): string[] {
  if (silent === undefined || silent.count === 0) return [];
  const more = silent.count - silent.shown.length;
  return [
    `silent: ${countText(silent.count)} of ${countText(series)} keys, for ${durationText(silentAfterMs!)} or longer`,
    ...silent.shown.map(({ tags, lastArrivalMs }) => {
      const heard =
        lastArrivalMs === undefined
          ? 'not heard since the start'
          : `${durationText(nowMs - lastArrivalMs)} ago`;
      return `  ${keyText(tags)}: ${heard}`;
    }),
    ...(more > 0 ? [`  and ${countText(more)} more`] : []),
  ];
}

function lateLines({ late }: DeviceDetail): string[] {
  const rules = Object.entries(late).map(([rule, count]) => `${countText(count)} in ${rule}`);
  return rules.length === 0 ? [] : [`late, when their windows had closed: ${rules.join(', ')}`];
}

function topicSection({ unrouted, topics, nowMs }: DeviceDetails, colours: boolean): string[] {
  if (unrouted === 0) return [];
  const title = `${countText(unrouted)} frames that no device wants; the last topics`;
  const rows = topics.map(({ source, topic, frames, lastArrivalMs, hint = '' }): Cell[] => [
    topic === '' ? '–' : topic,
    source,
    countText(frames),
    `${durationText(nowMs - lastArrivalMs)} ago`,
    hint,
  ]);
  const columns = [
    { title: 'topic' },
    { title: 'source' },
    right('frames'),
    { title: 'last' },
    { title: '' },
  ];
  return [
    '',
    colours ? paint('bold', title) : title,
    ...table(columns, rows, colours).map((line) => `  ${line}`),
  ];
}
