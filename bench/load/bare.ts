/** Starts a bare aedes broker to compare with; the other end of bare-aedes.ts. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../../test/peers/until.ts';

export interface Bare {
  readonly pid: number;
  readonly port: number;
  /** Resolves when the broker has received so many publishes. */
  received(messages: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startBare(): Promise<Bare> {
  const child = fork(join(import.meta.dirname, 'bare-aedes.ts'));
  const next = async (): Promise<number> => ((await once(child, 'message')) as [number])[0];
  const port = await next();
  return {
    pid: child.pid!,
    port,
    async received(messages) {
      const isThere = async (): Promise<boolean> => {
        child.send('count');
        return (await next()) >= messages;
      };
      await until(isThere, `${messages} messages at the bare broker`, 300_000);
    },
    async stop() {
      child.kill();
      await once(child, 'exit');
    },
  };
}
