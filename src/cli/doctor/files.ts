/** The files users write: whether a gateway would start with them. */

import { withUnsetKept } from '../../config/environment.ts';
import { InvalidFiles } from '../../core/errors.ts';
import { count } from '../print-diagnostics.ts';
import { loadSetup, type Setup } from '../setup.ts';
import { type Check, type Found, fail, ok, warn } from './check.ts';
import { unfinishedImport } from './unfinished.ts';

export const files: Check = async ({ configPath, isDefault, env }) => [
  ...(await unfinishedImport(configPath)),
  await ofFiles(configPath, isDefault ? undefined : configPath, env),
];

async function ofFiles(
  path: string,
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Found> {
  try {
    return ofSetup(path, await loadSetup(option, env));
  } catch (error) {
    if (!(error instanceof InvalidFiles)) throw error;
    const isOnlyUnset = await loadSetup(option, withUnsetKept(env)).then(
      () => true,
      () => false,
    );
    return isOnlyUnset ? ofUnset(path, error) : ofMistakes(path, error);
  }
}

function ofSetup(path: string, { plan, warnings }: Setup): Found {
  const counts = `${count(plan.devices.length, 'device')}, ${count(plan.rules.length, 'rule')}`;
  if (plan.devices.length === 0) return warn(path, 'no devices: nothing is decoded', 'write device files');
  if (warnings.length === 0) return ok(path, counts);
  return warn(path, `${counts}, ${count(warnings.length, 'warning')}`, 'see them: headgate check');
}

function ofMistakes(path: string, { diagnostics }: InvalidFiles): Found {
  const mistakes = diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = mistakes;
  const where = `${first?.file}:${first?.line}: ${first?.message}`;
  if (mistakes.length > 1)
    return fail(path, `${mistakes.length} mistakes; ${where}`, 'see them all: headgate check');
  const isDenied = first?.message.endsWith('permission denied');
  return fail(
    path,
    where,
    isDenied ? 'look as root: sudo headgate doctor' : (first?.remedy ?? 'headgate check'),
  );
}

/** The service may have what this shell has not. */
function ofUnset(path: string, { diagnostics }: InvalidFiles): Found {
  const names = diagnostics.flatMap(({ message }) => /variable (\w+) is not set/.exec(message)?.[1] ?? []);
  const words = `${[...new Set(names)].join(', ')} not set here`;
  return warn(
    path,
    words,
    'see that the service has it: systemctl show headgate -p Environment,LoadCredential',
  );
}
