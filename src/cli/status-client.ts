/** Asks the gateway that runs on a data folder; the other end of status-socket.ts. */

import { createConnection } from 'node:net';
import { GatewayError } from '../core/errors.ts';
import { socketPathIn } from './socket-path.ts';

export interface Reply {
  readonly ok: boolean;
  /** Of the gateway; undefined when it did not say. */
  readonly pid: number | undefined;
  readonly result?: unknown;
  readonly error?: string;
  /** The question itself was wrong. */
  readonly refused?: boolean;
  readonly remedy?: string;
}

export interface AskOptions {
  /** Left out: the command takes none. */
  readonly args?: object;
  readonly timeoutMs?: number;
}

/**
 * Asks one question. Rejects with the system's error (`ENOENT`, `ECONNREFUSED`: nobody is there) or, when somebody
 * is there and gives no answer in time or none that can be read, with a GatewayError.
 */
export async function ask(
  folder: string,
  command: string,
  { args, timeoutMs = 5000 }: AskOptions = {},
): Promise<Reply> {
  const path = socketPathIn(folder);
  try {
    return await exchange(path.path, JSON.stringify({ command, args }), timeoutMs);
  } finally {
    path.close();
  }
}

function exchange(path: string, request: string, timeoutMs: number): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = createConnection(path);
    const timer = setTimeout(() => fail(`gave no answer in ${timeoutMs} ms`), timeoutMs);
    const fail = (what: string): void => {
      reject(new GatewayError(`the gateway on ${path} ${what}`, { remedy: 'look at its log' }));
      socket.destroy();
    };
    socket.once('connect', () => socket.write(`${request}\n`));
    socket.on('data', (piece) => {
      pieces.push(piece);
      if (!piece.includes('\n')) return;
      const reply = readReply(Buffer.concat(pieces).toString());
      if (reply === undefined) fail('gave an answer that cannot be read');
      else resolve(reply);
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(timer);
      fail('hung up without an answer');
    });
  });
}

function readReply(text: string): Reply | undefined {
  try {
    const reply = JSON.parse(text) as Reply;
    return typeof reply === 'object' && reply !== null && typeof reply.ok === 'boolean' ? reply : undefined;
  } catch {
    return undefined;
  }
}
