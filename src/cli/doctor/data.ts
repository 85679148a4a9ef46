/** The data folder: whether the gateway may write to it, and whether others may read in it. */

import { stat } from 'node:fs/promises';
import { type Check, fail, ok, warn } from './check.ts';
import { obstacle, rights } from './service-user.ts';

export const data: Check = async ({ config, user }) => {
  const folder = config.data;
  const found = await obstacle(user, folder, rights.read | rights.write | rights.enter);
  if (found?.why === 'missing') {
    const above = await obstacle(user, `${found.path}/..`, rights.write | rights.enter);
    return above === undefined
      ? [ok(folder, `made at the first start, by ${user.name}`)]
      : [
          fail(
            folder,
            `${found.path} is missing, and ${user.name} may not make it`,
            makeIt(folder, user.name),
          ),
        ];
  }
  if (found?.why === 'unseen')
    return [warn(folder, `${found.path} may not be looked at`, 'sudo headgate doctor')];
  if (found !== undefined) {
    return [
      fail(folder, `${user.name} may not write to ${found.path}`, `sudo chown -R ${user.name}: ${folder}`),
    ];
  }
  const { mode } = await stat(folder);
  if ((mode & 0o007) !== 0) {
    return [
      warn(folder, 'every user of this machine may look into it', `sudo chmod o= ${folder}`, 'mode 0700'),
    ];
  }
  return [ok(folder, `writable by ${user.name}`)];
};

function makeIt(folder: string, user: string): string {
  return `sudo install -d -o ${user} -m 0700 ${folder}`;
}
