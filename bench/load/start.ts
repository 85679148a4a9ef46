/** Starts the load generator and tells it where to send; the other end of publisher.ts. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Job {
  readonly messages: number;
  /** Message i goes to topic `i mod topics.length`. */
  readonly topics: readonly string[];
  readonly qos: 0 | 1;
  /** Absent: as fast as possible. */
  readonly perSecond?: number;
  /** QoS 1 publishes that wait for their answer at most. */
  readonly inFlight?: number;
  /** As fast as possible: the event time that the messages cover, up to now. */
  readonly eventSpanMs?: number;
}

export interface Sent {
  /** First byte written; Unix ms. */
  readonly startedMs: number;
  /** QoS 0: the last one handed to the kernel; QoS 1: the last one answered. */
  readonly finishedMs: number;
  /** Of the payloads. */
  readonly jsonBytes: number;
}

export interface Load {
  /** Sends everything once, over one connection. */
  run(port: number): Promise<Sent>;
  stop(): void;
}

/** Resolves when it is ready to send. */
export async function startLoad(job: Job): Promise<Load> {
  const child = fork(join(import.meta.dirname, 'publisher.ts'), [JSON.stringify(job)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the load generator ended with ${code}`);
  });
  ended.catch(() => {});
  const next = async (): Promise<unknown> =>
    ((await Promise.race([once(child, 'message'), ended])) as unknown[])[0];
  await next();
  return {
    async run(port) {
      child.send({ port });
      return (await next()) as Sent;
    },
    stop: () => void child.kill(),
  };
}
