/** One command at a terminal of its own, by socat: what it shows, and keys pressed. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { mainPath } from './command.ts';
import { until } from './until.ts';

export interface TerminalRun {
  /** Everything shown until now. */
  readonly shown: () => string;
  /** Waits until this is shown after what was asked before, then types the answer. */
  answer(question: string, keys: string): Promise<void>;
  /** The exit code. */
  ended(): Promise<number>;
}

/** `folder` gets two small files beside `cwd`'s: the command and its exit code. */
export async function atTerminal(
  t: TestContext,
  args: readonly string[],
  cwd: string,
  folder: string,
): Promise<TerminalRun> {
  const script = join(folder, 'command.sh');
  const codePath = join(folder, 'code');
  const quoted = [process.execPath, mainPath, ...args].map((part) => `'${part.replaceAll("'", "'\\''")}'`);
  await writeFile(script, `cd '${cwd}'\n${quoted.join(' ')}\necho $? > '${codePath}'\n`);
  const child = spawn('socat', ['-', `EXEC:sh ${script},pty,setsid,ctty,stderr,echo=0`]);
  t.after(() => child.kill('SIGKILL'));
  let shown = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  child.stdin.on('error', () => {});
  const closed = once(child, 'close');
  return {
    shown: () => shown,
    async answer(question, keys) {
      await until(() => shown.indexOf(question, seen) >= 0, question, 30_000).catch((error: Error) => {
        throw new Error(`${error.message}, in ${shown}`);
      });
      seen = shown.indexOf(question, seen) + question.length;
      child.stdin.write(keys);
    },
    async ended() {
      await closed;
      return Number(await readFile(codePath, 'utf8'));
    },
  };
}
