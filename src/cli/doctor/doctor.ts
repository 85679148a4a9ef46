/**
 * `headgate doctor`: what of the machine and its surroundings keeps a gateway from working, with what to do about it.
 *
 * Invariant: nothing is changed, and no check can keep the others from being shown: each has its time, and what goes wrong in it
 * is a line of its own. Not here: what is checked (index.ts).
 */

import { loadGatewayFiles } from '../../backup/settings-files.ts';
import { InvalidFiles, messageOf } from '../../core/errors.ts';
import type { GatewayStatus } from '../../core/status.ts';
import { exitCodes } from '../failure.ts';
import { placeOf } from '../gateway-place.ts';
import { printAnswer } from '../print-answer.ts';
import { ask } from '../status-client.ts';
import { type Cell, table, wantsColours } from '../table.ts';
import { printable } from '../text-width.ts';
import { type Context, type Found, fail, type Running, type State, warn } from './check.ts';
import { files } from './files.ts';
import { checks } from './index.ts';
import { environmentOf } from './processes.ts';
import { serviceUserOf } from './service-user.ts';
import { versions } from './versions.ts';

export interface DoctorOptions {
  readonly config: string | undefined;
  readonly format: 'text' | 'json';
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
}

/** For each check; they run side by side. */
const checkWithinMs = 15_000;
const answerWithinMs = 3000;

interface Line extends Found {
  readonly check: string;
}

/** Gives the exit code: 1 when something fails. */
export async function doctorCommand({ config, format, env, stdout }: DoctorOptions): Promise<number> {
  const lines = await allLines(config, env);
  printAnswer(lines, () => textLines(lines, wantsColours(stdout)), { format, stdout });
  return lines.some(({ state }) => state === 'fail') ? exitCodes.wrong : exitCodes.fine;
}

async function allLines(config: string | undefined, env: DoctorOptions['env']): Promise<Line[]> {
  const place = await placeOf(config, undefined);
  const named = { configPath: place.configPath, isDefault: place.isDefault === true };
  const opened = await loadGatewayFiles(place, env).catch((error: unknown) => {
    if (error instanceof InvalidFiles) return undefined;
    throw error;
  });
  const signal = AbortSignal.timeout(checkWithinMs);
  if (opened === undefined) {
    const context = { ...named, env } as Context;
    return [
      ...(await linesOf('versions', versions, context, signal)),
      ...(await linesOf('files', files, context, signal)),
    ];
  }
  const { data } = opened.config;
  const running = await runningOn(data);
  const user = await serviceUserOf(running?.pid, data);
  // What only the service has, such as CREDENTIALS_DIRECTORY, as far as this user may see it.
  const known = { ...(running?.pid === undefined ? {} : environmentOf(running.pid)), ...env };
  const { config: own, file } = await loadGatewayFiles(place, known);
  const context = { ...named, config: own, file, running, user, env: known, signal };
  const all = Object.entries(checks).map(([name, check]) => linesOf(name, check, context, signal));
  return (await Promise.all(all)).flat();
}

/** What a check finds in its time, under its name. */
async function linesOf(
  check: string,
  find: (typeof checks)[string],
  context: Context,
  signal: AbortSignal,
): Promise<Line[]> {
  const late = Promise.withResolvers<Found[]>();
  const seconds = checkWithinMs / 1000;
  signal.addEventListener('abort', () =>
    late.resolve([warn(check, `no answer within ${seconds} s`, 'try again')]),
  );
  const failed = (error: unknown): Found[] => [
    fail(check, messageOf(error), 'try again as root: sudo headgate doctor'),
  ];
  // A little later than what listens to the signal itself, and knows more.
  const found = find(context).catch(failed);
  return (await Promise.race([found, late.promise])).map((one) => ({ check, ...one }));
}

async function runningOn(data: string): Promise<Running | undefined> {
  try {
    const { ok, pid, result, error } = await ask(data, 'status', { timeoutMs: answerWithinMs });
    return { pid, status: ok ? (result as GatewayStatus) : undefined, why: error ?? '' };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') {
      return { pid: undefined, status: undefined, why: 'this user may not ask it' };
    }
    const isNobody = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR'].includes(code ?? '');
    return isNobody ? undefined : { pid: undefined, status: undefined, why: messageOf(error) };
  }
}

const styles = { ok: 'green', warn: 'yellow', fail: 'red' } as const;
const columns = [{ title: '' }, { title: 'check' }, { title: 'what' }, { title: 'found' }];

/** A line each, and below it what to do. */
function textLines(lines: readonly Line[], colours: boolean): string[] {
  const rows = lines.map(({ state, check, subject, value, limit }): Cell[] => [
    { text: state, style: styles[state] },
    ...[check, subject, limit === undefined ? value : `${value} (limit ${limit})`],
  ]);
  const [title = '', ...printed] = table(columns, rows, colours);
  const told = printed.flatMap((line, i) => {
    const { remedy } = lines[i]!;
    return remedy === undefined ? [line] : [line, `      remedy: ${printable(remedy)}`];
  });
  return [title, ...told, '', summary(lines)];
}

function summary(lines: readonly Line[]): string {
  const count = (state: State): number => lines.filter((line) => line.state === state).length;
  return `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`;
}
