/**
 * Loaded before a gateway's own modules: ends its process with SIGKILL at the point of the table that is named in the
 * environment, and says so first.
 */

import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { relative } from 'node:path';
import { type DiskStep, hookDisk } from '../peers/disk-hook.ts';
import { killPoints, reachedWord, type Seen } from './points.ts';

/** Steps that are seen as they begin and when they are over. */
const hasEnd: Record<Seen, boolean> = {
  makeFolder: true,
  list: true,
  size: true,
  open: true,
  read: true,
  write: true,
  truncate: true,
  sync: true,
  close: true,
  rename: true,
  remove: true,
  syncFolder: true,
  signal: false,
  request: false,
  answer: false,
  alert: false,
  alertAnswer: false,
};

const { TORTURE_POINT: name, TORTURE_TIMES: times = '1', TORTURE_DATA: data = '' } = process.env;
if (name !== undefined && name !== '') dieAt(name);

function dieAt(wanted: string): void {
  const point = killPoints.find((one) => one.name === wanted);
  if (point === undefined) throw new Error(`no such point: ${wanted}`);
  const last = point.steps.length - 1;
  let left = Number(times);
  let place = 0;

  function see(seen: Seen, at: string, isBehind: boolean): void {
    const step = point!.steps[place]!;
    // Steps on the way count when they are over, or as they begin where nothing tells of their end.
    const behind = place === last ? point!.behind === true : hasEnd[seen];
    if (step.seen !== seen || isBehind !== behind || !step.at.test(at)) return;
    place += 1;
    if (place <= last) return;
    place = 0;
    left -= 1;
    if (left > 0) return;
    writeSync(2, `${reachedWord}${wanted}\n`);
    process.kill(process.pid, 'SIGKILL');
  }

  const seeDisk = (isBehind: boolean) => (step: DiskStep, path: string) =>
    see(step, relative(data, path), isBehind);
  hookDisk(seeDisk(false), seeDisk(true));
  process.on('SIGHUP', () => see('signal', 'SIGHUP', false));
  const watch = (channel: string, seen: Seen, pathOf: (message: never) => string): void =>
    subscribe(channel, (message) => see(seen, pathOf(message as never), false));
  // The database is spoken to through node:http, the receiver of alerts through fetch.
  const httpPath = ({ request }: { request: ClientRequest }): string => request.path;
  const fetchPath = ({ request }: { request: { path: string } }): string => request.path;
  watch('http.client.request.start', 'request', httpPath);
  watch('http.client.response.finish', 'answer', httpPath);
  watch('undici:request:create', 'alert', fetchPath);
  watch('undici:request:headers', 'alertAnswer', fetchPath);
}
