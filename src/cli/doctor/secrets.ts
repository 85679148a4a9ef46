/** Files with passwords, tokens and keys, and the users files: there, readable by the gateway, and by nobody else. */

import { stat } from 'node:fs/promises';
import { secretFilesOf } from '../../config/secret-files.ts';
import { type Check, type Context, type Found, fail, ok, warn } from './check.ts';
import { isGivenByService } from './service-secret.ts';
import { groupName, obstacle, rights } from './service-user.ts';

export const secrets: Check = async (context) => {
  const { secrets: named, users } = secretFilesOf(context.config);
  return Promise.all([...named, ...users].map((path) => lookAt(context, path)));
};

async function lookAt({ user, env }: Context, path: string): Promise<Found> {
  if (isGivenByService(path, env)) {
    const written = path.includes('${') ? path.slice(path.indexOf('${')) : path;
    return ok(written, 'given by the service (LoadCredential)');
  }
  const found = await obstacle(user, path, rights.read);
  if (found?.why === 'missing')
    return fail(path, `${found.path} is missing`, 'write it, or correct the path');
  if (found?.why === 'unseen')
    return warn(path, `${found.path} may not be looked at`, 'sudo headgate doctor');
  if (found !== undefined) {
    const remedy = `sudo chgrp ${groupName(user.gids[0] ?? 0)} ${path} && sudo chmod g+r ${path}`;
    return fail(path, `${user.name} may not read ${found.path}`, remedy);
  }
  const { size, mode } = await stat(path);
  if (size === 0) return fail(path, 'it is empty', 'write the secret into it');
  if ((mode & 0o004) !== 0) return warn(path, 'every user of this machine may read it', `chmod o= ${path}`);
  return ok(path, `readable by ${user.name}`);
}
