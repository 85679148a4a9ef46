/**
 * Questions at a terminal, one line each.
 *
 * Invariant: Ctrl-C and Ctrl-D give up, which throws `Refused`: nothing is written before the last answer.
 */

import { createInterface } from 'node:readline';
import { Refused } from '../failure.ts';
import type { Terminal } from '../read-password.ts';

export interface Asker {
  /** What stands in brackets is taken by pressing Enter. */
  text(question: string, fallback?: string): Promise<string>;
  yes(question: string, fallback: boolean): Promise<boolean>;
  say(text: string): void;
}

export function createAsker({ stdin, stderr }: Terminal): Asker {
  function line(prompt: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const output = stderr as NodeJS.WriteStream;
      const lines = createInterface({ input: stdin, output, terminal: true, historySize: 0 });
      let answer: string | undefined;
      lines.once('SIGINT', () => lines.close());
      lines.once('close', () => {
        if (answer !== undefined) resolve(answer.trim());
        else {
          stderr.write('\n');
          reject(new Refused('given up', { remedy: 'nothing was written' }));
        }
      });
      lines.question(prompt, (text) => {
        answer = text;
        lines.close();
      });
    });
  }
  return {
    async text(question, fallback) {
      for (;;) {
        const answer = await line(fallback === undefined ? `${question}: ` : `${question} [${fallback}]: `);
        if (answer !== '' || fallback !== undefined) return answer === '' ? fallback! : answer;
      }
    },
    async yes(question, fallback) {
      for (;;) {
        const answer = (await line(`${question} [${fallback ? 'Y/n' : 'y/N'}]: `)).toLowerCase();
        if (answer === '') return fallback;
        if (['y', 'yes'].includes(answer)) return true;
        if (['n', 'no'].includes(answer)) return false;
      }
    },
    say: (text) => void stderr.write(`${text}\n`),
  };
}
