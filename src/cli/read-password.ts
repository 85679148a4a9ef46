/**
 * Asks for a password: twice and without showing it on a terminal, else one line of standard input.
 *
 * Never from the command line, which every user of the machine can read. What is typed goes into no variable that is logged.
 */

import { readPlainFile } from '../config/plain-file.ts';
import { GatewayError, reasonOf } from '../core/errors.ts';
import { maxPasswordBytes } from '../core/password-hash.ts';
import { Refused, UsageError } from './failure.ts';

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: { write(text: string): unknown };
}

/** The password; throws a `GatewayError` when there is none, or the two are not the same. */
export async function readPassword(name: string, terminal: Terminal): Promise<Buffer> {
  const { stdin } = terminal;
  if (!stdin.isTTY) return checked(await lineOf(stdin));
  const first = checked(await typed(`Password of ${name}: `, terminal));
  const second = await typed('The same again: ', terminal);
  if (first.equals(second)) return first;
  throw new Refused('the two passwords are not the same', { remedy: 'try again; nothing was changed' });
}

/** Asked for once on a terminal, without showing it: what was copied is right or wrong as a whole. */
export async function readSecret(prompt: string, terminal: Terminal): Promise<string> {
  return (await typed(prompt, terminal)).toString().trim();
}

/** The only line of a file. Throws a `GatewayError`. */
export function readPasswordFile(path: string): Buffer {
  try {
    return checked(onlyLine(readPlainFile(path, maxPasswordBytes * 2), path));
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError(`cannot read ${path}: ${reasonOf(error)}`, {
      remedy: 'check its path and permissions',
    });
  }
}

function checked(password: Buffer): Buffer {
  if (password.length === 0) throw new Refused('an empty password', { remedy: 'nothing was changed' });
  if (password.length <= maxPasswordBytes) return password;
  throw new Refused(`a password of ${password.length} bytes, at most ${maxPasswordBytes}`, {
    remedy: 'choose a shorter one; nothing was changed',
  });
}

async function lineOf(stdin: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stdin) parts.push(Buffer.from(part));
  return onlyLine(Buffer.concat(parts), 'standard input');
}

function onlyLine(text: Buffer, where: string): Buffer {
  const end = text.indexOf('\n');
  const isLast = end === -1 || end === text.length - 1;
  if (!isLast) throw new UsageError(`${where} has several lines`, { remedy: 'give one password' });
  return end === -1 ? text : text.subarray(0, text[end - 1] === 0x0d ? end - 1 : end);
}

const keys = { interrupt: 0x03, end: 0x04, erase: 0x15, backspace: 0x08, delete: 0x7f, lf: 0x0a, cr: 0x0d };

function typed(prompt: string, { stdin, stderr }: Terminal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes: number[] = [];
    function finish(outcome: () => void): void {
      stdin.off('data', onData).setRawMode(false).pause();
      stderr.write('\n');
      outcome();
    }
    function onData(chunk: Buffer): void {
      for (const [i, byte] of chunk.entries()) {
        if (byte === keys.interrupt) {
          finish(() => reject(new Refused('given up', { remedy: 'nothing was changed' })));
          return;
        }
        if (byte === keys.lf || byte === keys.cr || byte === keys.end) {
          // Pasted with its end: what follows is the answer to the next question.
          const rest = chunk.subarray(i + 1);
          finish(() => {
            if (rest.length > 0) stdin.unshift(rest);
            resolve(Buffer.from(bytes));
          });
          return;
        }
        if (byte === keys.erase) bytes = [];
        else if (byte === keys.backspace || byte === keys.delete) bytes = withoutLast(bytes);
        else bytes.push(byte);
      }
    }
    // Silent first: who is asked may answer at once.
    stdin.setRawMode(true).resume().on('data', onData);
    stderr.write(prompt);
  });
}

/** Without its last character, which may be several bytes of UTF-8. */
function withoutLast(bytes: readonly number[]): number[] {
  const start = bytes.findLastIndex((byte) => (byte & 0xc0) !== 0x80);
  return bytes.slice(0, Math.max(0, start));
}
