/**
 * A cut through a running gateway: which records of its logs, and which small files, are of one moment.
 *
 * Invariant: taken in one turn, so that it is what a crash at this moment would have left behind, with the positions as they are in
 * memory: what was delivered is not delivered again. Beside it belongs a checkpoint that was written before it, and the journal
 * from there. Nothing is written, and nothing waits.
 */

import type { Journal } from '../journal/journal.ts';
import type { Lane } from '../log/lane.ts';
import type { Delivery } from '../notify/deliver.ts';
import type { Forwarder } from '../outbox/forward.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { encodeSettings } from '../settings/file.ts';
import type { Settings } from '../settings/settings.ts';

/** Paths are relative to the data folder. It is sent as JSON. */
export interface Cut {
  /** By folder, sequences: from the first one needed to behind the last. Of the journal the checkpoint says the first. */
  readonly logs: Readonly<Record<string, { readonly from: number; readonly to: number }>>;
  /** Content by path. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Stations {
  readonly journal: Pick<Journal, 'end'>;
  readonly outbox: Pick<Outbox, 'points' | 'levels' | 'alerts' | 'health'>;
  readonly forwarder: Pick<Forwarder, 'position'>;
  /** Of what it tells of itself, and of alerts as points, where these are forwarded. */
  readonly healthForwarder: Pick<Forwarder, 'position'> | undefined;
  readonly alertForwarder: Pick<Forwarder, 'position'> | undefined;
  readonly delivery: Pick<Delivery, 'position'>;
  readonly settings: Settings;
}

export function takeCut({ journal, outbox, delivery, settings, ...forwarders }: Stations): {
  readonly cut: Cut;
  release(): void;
} {
  const forward = forwarders.forwarder.position();
  const health = forwarders.healthForwarder?.position();
  const alertPoints = forwarders.alertForwarder?.position();
  const notifiers = delivery.position();
  const lanes: (readonly [string, Lane, number])[] = [
    ['points', outbox.points, forward.needed.lane],
    ...outbox.levels.map(({ name, lane }, i) => [name, lane, forward.needed.levels[i] ?? 0] as const),
    ['alerts', outbox.alerts, Math.min(notifiers.needed, alertPoints?.needed.lane ?? notifiers.needed)],
    ...(health === undefined ? [] : [['health', outbox.health, health.needed.lane] as const]),
  ];
  // The last record says where a lane stands, delivered or not.
  const held = lanes.map(([name, lane, needed]) => {
    const from = Math.max(lane.first, Math.min(needed, lane.next - 1));
    return { name: `outbox/${name}`, from, to: lane.next, release: lane.hold(from) };
  });
  const ranges = held.map(({ name, from, to }) => [name, { from, to }] as const);
  return {
    cut: {
      logs: { ...Object.fromEntries(ranges), journal: { from: 0, to: journal.end.sequence } },
      files: {
        'outbox/points.position.json': forward.content.toString(),
        'outbox/notifiers.position.json': notifiers.content.toString(),
        ...(health !== undefined && { 'outbox/health.position.json': health.content.toString() }),
        ...(alertPoints !== undefined && {
          'outbox/alert-points.position.json': alertPoints.content.toString(),
        }),
        'settings.json': encodeSettings(settings),
      },
    },
    release() {
      for (const { release } of held) release();
    },
  };
}
