/** A gateway under a load, and what that load made it write. Shared by memory.ts and disk.ts. */

import { type Gateway, startGateway } from '../gateway.ts';
import { busDevice, minuteRule } from '../load/messages.ts';
import { type Job, startLoad } from '../load/start.ts';
import { deviceWrittenBytes, residentMiB, writtenBytes } from '../proc.ts';

export function startSite(): Promise<Gateway> {
  return startGateway({ batch: '1s', devices: { bus: busDevice }, rules: { bus: minuteRule } });
}

export interface Cost {
  /** The kernel's count for the process, in whole pages. */
  readonly written: number;
  /** That of the disk its files are on, metadata and what others write included; absent where the system has none. */
  readonly onDevice: number | undefined;
  readonly jsonBytes: number;
  readonly settledMiB: number;
}

/** Until everything is processed. */
export async function underLoad(gateway: Gateway, job: Job): Promise<Cost> {
  const load = await startLoad(job);
  try {
    const before = writtenBytes(gateway.pid);
    const deviceBefore = deviceWrittenBytes(gateway.data);
    const { jsonBytes } = await load.run(gateway.port);
    const settledMiB = residentMiB(gateway.pid).now;
    await gateway.processed(job.messages);
    const deviceAfter = deviceWrittenBytes(gateway.data);
    return {
      written: writtenBytes(gateway.pid) - before,
      onDevice:
        deviceBefore === undefined || deviceAfter === undefined ? undefined : deviceAfter - deviceBefore,
      jsonBytes,
      settledMiB,
    };
  } finally {
    load.stop();
  }
}
