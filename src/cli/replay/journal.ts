/** The journal of a data folder as a recording: what the gateway itself received, as it arrived. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceProfile, GatewayConfig } from '../../config/schema.ts';
import { createClock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { silentLogger } from '../../core/log.ts';
import { openJournal } from '../../journal/journal.ts';
import { claimDataFolder } from '../status-socket.ts';
import { type Block, createBlock } from './block.ts';
import { profileOf } from './files.ts';
import { forJournal } from './profile.ts';
import type { Recording } from './recording.ts';

/** The gateway must not be running: opening a journal mends what a crash left. Throws GatewayError. */
export async function openJournalRecording(
  { data, limits }: GatewayConfig,
  device: string | undefined,
  devices: readonly DeviceProfile[],
): Promise<Recording> {
  if (device !== undefined) profileOf(device, devices);
  const folder = join(data, 'journal');
  if (!existsSync(folder)) {
    throw new GatewayError(`there is no journal in ${data}`, {
      remedy: 'name the gateway whose data folder it is: -c headgate.yaml',
    });
  }
  const claim = await claimDataFolder(data);
  const journal = await openJournal(folder, {
    clock: createClock(),
    budgetBytes: limits.journalBytes,
    logger: silentLogger,
  });
  return {
    name: `the journal of ${data}`,
    devices: forJournal(devices, device),
    async *blocks(_book, counts) {
      for await (const span of journal.read({ sequence: 0, frame: 0 }, Number.POSITIVE_INFINITY)) {
        let block: Block | undefined;
        span.visit((route, buffer, start, end, arrivalMs) => {
          block ??= { ...createBlock('journal', buffer), routes: [...span.routes], clock: span.clock };
          counts.rows += 1;
          block.route.push(route);
          block.start.push(start);
          block.end.push(end);
          block.arrivalMs.push(arrivalMs);
          block.line.push(0);
        });
        yield block ?? { ...createBlock('journal', Buffer.alloc(0)), clock: span.clock };
      }
    },
    progress: () => undefined,
    async close() {
      await journal.close();
      await claim.release();
    },
  };
}
