/** Serial lines: there, for this user, nobody else's, and by a name that stays. They are not opened: that would reset some devices. */

import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, type Context, type Found, fail, ok, warn } from './check.ts';
import { holdersOfFile, processText } from './processes.ts';
import { groupName, obstacle, rights } from './service-user.ts';

/** Names that stay with an adapter, whatever port it is plugged into. */
const lastingFolders = ['/dev/headgate', '/dev/serial/by-id'];

export const serial: Check = async (context) => {
  const lines = Object.values(context.config.sources).flatMap((source) =>
    'serial' in source ? [source.serial.path] : [],
  );
  const found = await Promise.all(lines.map((path) => ofLine(context, path)));
  return found.flat();
};

async function ofLine({ user, running }: Context, path: string): Promise<Found[]> {
  const node = nodeOf(path);
  if (node === undefined) {
    const others = lastingNames().map(({ name }) => name);
    const plugged =
      others.length === 0 ? 'no serial adapter is plugged in' : `plugged in: ${others.join(', ')}`;
    return [fail(path, 'no such device', `is the cable in, is the path right? ${plugged}`)];
  }
  const stats = statSync(node);
  if (!stats.isCharacterDevice())
    return [fail(path, 'it is no serial line', 'name one of /dev/serial/by-id')];
  const found = await obstacle(user, node, rights.read | rights.write);
  if (found !== undefined) {
    const remedy = `sudo adduser ${user.name} ${groupName(stats.gid)}, then restart the gateway`;
    return [fail(path, `${user.name} may not use it`, remedy)];
  }
  return [holder(path, node, running?.pid), ...lasting(path, node)];
}

function holder(path: string, node: string, gateway: number | undefined): Found {
  const holders = holdersOfFile(node).filter(({ pid }) => pid !== gateway);
  if (holders.length === 0) {
    return ok(path, gateway === undefined ? `there (${node})` : `there (${node}), for the gateway`);
  }
  const who = holders.map(processText).join(', ');
  return fail(path, `${who} has it open`, 'stop that program: bytes go to one of the two');
}

/** A number changes with the order in which adapters are found. */
function lasting(path: string, node: string): Found[] {
  if (!/^\/dev\/tty(USB|ACM)\d+$/.test(path)) return [];
  const name = lastingNames().find((one) => one.node === node)?.name;
  if (name === undefined) return [];
  return [warn(path, 'the name may be that of another adapter after a restart', `write path: ${name}`)];
}

function lastingNames(): { readonly name: string; readonly node: string | undefined }[] {
  return lastingFolders.flatMap((folder) => {
    try {
      return readdirSync(folder).map((name) => ({
        name: join(folder, name),
        node: nodeOf(join(folder, name)),
      }));
    } catch {
      return [];
    }
  });
}

function nodeOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
