/**
 * Changes of alerts as points: measurement `headgate_alert`, with the key's tags, at the event time of the change.
 *
 * Invariant: the same change always gives the same line, so sending it again changes nothing. Reminders are no change, and
 * give no line. All changes are told, also of alerts that are silenced or acknowledged: they are facts.
 */

import type { Alert, Point, SetAside } from '../core/types.ts';
import type { Lane, LaneRecord } from '../log/lane.ts';
import { encodePoint } from './line-protocol.ts';
import { faultOf } from './outbox.ts';

/** Names that a point has already; a key's tag of such a name, or of one made of it, is `key_` and its name. */
const taken = /^(?:key_)*(?:gateway|rule|severity|state|message|id|episode|firing)$/;

/** The point of a change; undefined for a reminder. */
export function alertPoint(alert: Alert, gateway: string): Point | undefined {
  if (alert.reminder !== undefined) return undefined;
  const { rule, severity, state, message, id, episode, atMs: timeMs } = alert;
  const key = Object.entries(alert.key).map(([name, value]) => [
    taken.test(name) ? `key_${name}` : name,
    value,
  ]);
  return {
    measurement: 'headgate_alert',
    tags: { ...Object.fromEntries(key), gateway, rule, severity, state },
    fields: { message, id, episode, firing: state === 'firing' ? 1 : 0 },
    timeMs,
  };
}

export interface AlertLinesOptions {
  readonly gateway: string;
  readonly setAside: (entries: readonly SetAside[]) => void;
}

/** The alerts lane, read as lines of line protocol. */
export function alertLines(lane: Lane, options: AlertLinesOptions): Lane {
  async function* read(from: number): AsyncGenerator<LaneRecord> {
    for await (const record of lane.read(from)) {
      yield { ...record, lines: async () => linesOf(await record.lines(), options) };
    }
  }
  // Its figures change: they are asked of the lane itself each time.
  return Object.create(lane, { read: { value: read } });
}

function linesOf(alerts: readonly string[], { gateway, setAside }: AlertLinesOptions): string[] {
  return alerts.flatMap((text) => {
    const point = alertPoint(JSON.parse(text) as Alert, gateway);
    if (point === undefined) return [];
    const encoded = encodePoint(point);
    if (encoded.line !== undefined) return [encoded.line];
    setAside([faultOf(point, encoded)]);
    return [];
  });
}
