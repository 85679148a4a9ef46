/** What a running gateway says of itself. */

import { accountsOf } from '../../core/fates.ts';
import { isAway } from '../../core/health.ts';
import type { GatewayStatus } from '../../core/status.ts';
import { isUp } from '../../health/points.ts';
import { countText, durationText } from '../units-text.ts';
import { packageVersion } from '../version.ts';
import { type Check, type Found, fail, ok, warn } from './check.ts';

export const gateway: Check = async ({ running, config }) => {
  if (running === undefined) {
    return [warn(config.gateway, 'not running', 'start it: sudo systemctl start headgate, or headgate run')];
  }
  const { status, pid, why } = running;
  const process = pid === undefined ? 'running' : `process ${pid}`;
  if (status === undefined) return [warn(config.gateway, `${process}: ${why}`, remedyFor(why))];
  return [
    ok(status.gateway, `${process}, up ${durationText(status.nowMs - status.startedMs)}`),
    ...versionOf(status),
    ...filesOf(status),
    ...diskOf(status),
    ...pathOf(status),
    ...balanceOf(status),
    ...outletsOf(status),
  ];
};

function remedyFor(why: string): string {
  return why.includes('may not')
    ? 'ask as root: sudo headgate doctor'
    : 'look at its log: journalctl -u headgate';
}

function versionOf({ version }: GatewayStatus): Found[] {
  const here = packageVersion();
  return version === here
    ? []
    : [
        warn(
          'version',
          `${version} runs, ${here} is installed`,
          'restart it: sudo systemctl restart headgate',
        ),
      ];
}

function filesOf({ files }: GatewayStatus): Found[] {
  if (files === undefined || files.state === 'current') return [];
  const remedy =
    files.state === 'broken' ? 'see the mistakes: headgate check' : 'sudo systemctl restart headgate';
  return [warn('edited files', files.detail || files.state, remedy)];
}

function diskOf({ disk }: GatewayStatus): Found[] {
  const { state, detail, setAside, losses } = disk;
  const lost = Object.entries(losses).flatMap(([log, one]) =>
    one.lostRecords + one.droppedRecords === 0
      ? []
      : [
          warn(
            `${log} on disk`,
            `${countText(one.lostRecords)} records lost, ${countText(one.droppedRecords)} dropped`,
            'see why in its log: journalctl -u headgate -p warning',
          ),
        ],
  );
  return [
    ...(state === 'ok' ? [] : [fail('disk', `${state}: ${detail}`, 'what is written there says it')]),
    ...setAside.map((file) => warn(file, 'damaged, set aside', 'look at it, then remove it')),
    ...lost,
  ];
}

function pathOf({ overload, journal, devices, fates }: GatewayStatus): Found[] {
  const { state, behindMs, remedy } = overload;
  const setAside = devices.filter(({ setAside, received }) => setAside * 100 > received);
  return [
    state === 'keeping up'
      ? ok('processing', `keeps up, ${countText(fates.frames)} frames so far`)
      : warn('processing', `${state}, ${durationText(behindMs)} behind`, remedy ?? 'see headgate status'),
    ...(journal.refused === 0
      ? []
      : [
          warn(
            'journal',
            `${countText(journal.refused)} frames refused`,
            'see why in its log: journalctl -u headgate',
          ),
        ]),
    ...setAside.map(({ name, received, setAside: bad }) =>
      warn(
        `device ${name}`,
        `${countText(bad)} of ${countText(received)} readings set aside`,
        `see why: headgate devices, headgate export --dead-letters -`,
        '1 %',
      ),
    ),
  ];
}

function balanceOf(status: GatewayStatus): Found[] {
  const wrong = accountsOf(status).filter(({ missing }) => missing !== 0);
  if (wrong.length === 0) return [ok('balance', 'every frame, reading and point is accounted for')];
  return wrong.map(({ place, name, missing }) =>
    warn(
      `balance of ${name ?? place}`,
      `${countText(missing)} unaccounted for`,
      'please report it with headgate status',
      '0',
    ),
  );
}

function outletsOf({ sources, notifiers, forward }: GatewayStatus): Found[] {
  const down = sources.filter((source) => !isUp(source));
  return [
    ...down.map(({ name, state, detail }) => warn(`source ${name}`, detail || state, 'see its line below')),
    ...outlet('forwarding', forward.state, forward.detail, `${countText(forward.pendingPoints)} points wait`),
    ...notifiers.flatMap(({ name, state, detail, pending }) =>
      outlet(`notifier ${name}`, state, detail, `${countText(pending)} alerts wait`),
    ),
  ];
}

function outlet(subject: string, state: string, detail: string, waiting: string): Found[] {
  if (!isAway(state)) return [];
  return [fail(subject, `${state}: ${detail}; ${waiting}`, 'see its line below')];
}
