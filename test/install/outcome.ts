import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The exit code of a process and the last it said, on stdout and stderr together. */
export async function outcome(
  child: ChildProcess,
): Promise<{ readonly code: number; readonly said: string }> {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-1_000_000);
    });
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return { code: code ?? 1, said: signal === null ? said : `${said}\nended by ${signal}` };
  } catch (error) {
    return { code: 1, said: (error as Error).message };
  }
}
