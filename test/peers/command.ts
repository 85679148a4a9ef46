/** One command of the command line, run to its end as a process of its own. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd: string;
  /** Standard input; without it there is none. */
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
}

export const mainPath = join(import.meta.dirname, '../../src/main.ts');

export async function headgateIn(args: readonly string[], options: CommandOptions): Promise<Ended> {
  const { cwd, input, env = {} } = options;
  const child = spawn(process.execPath, [mainPath, ...args], { cwd, env: { ...process.env, ...env } });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
  child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
  // A command that does not read its input is no mistake of the test.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
