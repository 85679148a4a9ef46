/** Asks the gateway that runs on a data folder; the other end of status-socket.ts. */

import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
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

/**
 * Asks a question that is answered by a stream: gives the reply, then each line of it, until the gateway hangs up or
 * `signal` aborts. Rejects with the system's error, as `ask` does.
 */
export async function* follow(
  folder: string,
  command: string,
  args: object,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const path = socketPathIn(folder);
  const socket = createConnection(path.path);
  let lines: Interface | undefined;
  const hangUp = (): void => {
    // A destroyed socket alone would leave whoever waits for the next line waiting.
    lines?.close();
    socket.destroy();
  };
  signal.addEventListener('abort', hangUp);
  try {
    await once(socket, 'connect').finally(() => path.close());
    // What ends the connection ends the lines; there is nothing more to say of it.
    socket.on('error', hangUp);
    socket.write(`${JSON.stringify({ command, args })}\n`);
    lines = createInterface({ input: socket });
    for await (const line of lines) yield JSON.parse(line);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', hangUp);
    socket.destroy();
  }
}

function readReply(text: string): Reply | undefined {
  try {
    const reply = JSON.parse(text) as Reply;
    return typeof reply === 'object' && reply !== null && typeof reply.ok === 'boolean' ? reply : undefined;
  } catch {
    return undefined;
  }
}
