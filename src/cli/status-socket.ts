/**
 * The gateway's local socket, in its data folder: questions from the same machine, and the lock of the folder.
 *
 * Newline-delimited JSON: `{"command":"ack","args":{…}}` is answered by `{"ok":true,"pid":…,"result":…}` or
 * `{"ok":false,"pid":…,"error":…}`, in the order asked; `args` may be left out. `"refused":true` when the question itself
 * was wrong, perhaps with a `remedy`. A `result` of `"stream"` is followed by lines of JSON until the asker hangs up.
 * Invariant: while a claim is held no other gateway gets one for the same folder; only the owner's user can connect
 * (mode 0600). A socket left by a process that died is replaced. The socket file is seen from other containers, too.
 * Not here: what the commands do (answers/).
 */

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, messageOf } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';
import { forgetOwner, isOwnerGone, notedOwner, noteOwner } from './owner-note.ts';
import { socketName, socketPathIn } from './socket-path.ts';
import { ask } from './status-client.ts';

/** What a question says beside its command; anything may be in it. */
export type Arguments = Readonly<Record<string, unknown>>;

/** An answer of many lines, until the asker goes; gives how to end it. What is sent must be JSON. */
export type Stream = (send: (line: object) => void) => () => void;

/** What it returns, or resolves with, must be JSON, or a `Stream`. Throws `GatewayError` for a question that is wrong. */
export type Answer = (args: Arguments) => unknown;

/** By command. */
export type Answers = Readonly<Record<string, Answer>>;

export interface Claim {
  /** From now on questions are answered; until then the answer is that the gateway is starting. */
  answer(answers: Answers): void;
  release(): Promise<void>;
}

const maxRequestBytes = 65_536;
const maxConnections = 32;
/** Of a stream whose reader is behind. */
const maxWaitingBytes = 1_048_576;

/** Makes the data folder if need be and claims it; throws GatewayError when another gateway has it. */
export async function claimDataFolder(folder: string): Promise<Claim> {
  await makeDataFolder(folder);
  const lock = await lockFolder(folder);
  const path = socketPathIn(folder);
  const connections = new Set<Socket>();
  let answers: Answers | undefined;
  // Half open: who sends a question and an end at once gets the answer all the same.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    void serve(socket, () => answers);
  });
  server.maxConnections = maxConnections;
  async function release(): Promise<void> {
    for (const socket of connections) socket.destroy();
    await close(server);
    if (lock !== undefined) await close(lock);
    path.close();
  }
  try {
    const isLeftOver = await refuseWhenAnswered(folder);
    const listenHere = () => listenPrivately(server, path.path);
    await (isLeftOver ? replaceDead(folder, listenHere) : listenHere());
    noteOwner(folder);
  } catch (error) {
    if (server.listening || lock?.listening) await release();
    throw error;
  }
  return {
    answer(given) {
      answers = given;
    },
    async release() {
      forgetOwner(folder);
      await release();
    },
  };
}

async function makeDataFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder, 0o750);
  } catch (error) {
    throw new GatewayError(`cannot make the data folder ${folder}: ${messageOf(error)}`, {
      remedy: 'give `data:` in headgate.yaml a folder that this user may write to',
      cause: error,
    });
  }
}

/**
 * Two gateways that start together must not both take a dead one's socket for free: the kernel gives an abstract
 * socket to one process only, and takes it back when that process ends. Elsewhere than on Linux there is none, and
 * the socket file alone must do.
 */
async function lockFolder(folder: string): Promise<Server | undefined> {
  if (process.platform !== 'linux') return undefined;
  const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  try {
    await listen(server, `\0headgate-${process.getuid?.()}-${name}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const owner = await probe(folder);
    throw await taken(folder, typeof owner === 'object' ? owner.pid : undefined);
  }
  server.unref();
  return server;
}

/** Whether there is the socket of a dead gateway; throws when a living one, of whatever user or container, answers on it. */
async function refuseWhenAnswered(folder: string): Promise<boolean> {
  const owner = await probe(folder);
  if (typeof owner === 'object') throw await taken(folder, owner.pid);
  return owner === 'dead';
}

const turnLookMs = 20;
/** Nobody takes so long; who was killed meanwhile is not waited for. */
const longestTurnMs = 5000;

/**
 * In place of a dead gateway's socket. One at a time: from another network namespace the abstract socket is not seen, and
 * of two that found the same dead socket the later one would remove the other's new one. A folder is made by one only.
 */
async function replaceDead(folder: string, listenHere: () => Promise<void>): Promise<void> {
  const turn = join(folder, `${socketName}.turn`);
  for (let waitedMs = 0; !takeTurn(turn, waitedMs); waitedMs += turnLookMs) await sleep(turnLookMs);
  try {
    if (await refuseWhenAnswered(folder)) removeDead(join(folder, socketName));
    await listenHere();
  } catch (error) {
    throw error instanceof GatewayError
      ? error
      : new GatewayError(`cannot replace headgate.sock in the data folder: ${messageOf(error)}`, {
          remedy: 'remove it by hand, and give the gateway’s user write permission on the folder',
          cause: error,
        });
  } finally {
    rmSync(turn, { recursive: true, force: true });
  }
}

/** A folder, which no gateway made, is set aside. */
function removeDead(path: string): void {
  if (statSync(path).isDirectory()) renameSync(path, `${path}.corrupt`);
  else unlinkSync(path);
}

/** A turn of somebody who was killed is known by its age; by the waiting where the clock says less, as in 1970. */
function takeTurn(turn: string, waitedMs: number): boolean {
  try {
    mkdirSync(turn);
    return true;
  } catch (error) {
    // Without permission there is none to wait for either: removing the socket then says so.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return true;
    const sinceMs = statSync(turn, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    const isLeft = Date.now() - sinceMs > longestTurnMs || waitedMs > longestTurnMs;
    if (isLeft) rmSync(turn, { recursive: true, force: true });
    return false;
  }
}

/** Who is on the folder's socket; an owner that does not answer, or not to this user, is alive all the same. */
async function probe(folder: string): Promise<'none' | 'dead' | { readonly pid: number | undefined }> {
  try {
    return { pid: (await ask(folder, 'ping', { timeoutMs: 1000 })).pid };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'none';
    if ((code === 'EACCES' || code === 'EPERM') && isOwnerGone(folder)) return 'dead';
    return code === 'ECONNREFUSED' || code === 'ENOTSOCK' ? 'dead' : { pid: undefined };
  }
}

const noteWithinMs = 1000;
const lookEveryMs = 20;

/** One that hangs, or has only just begun, is known by the note it left in the folder. */
async function taken(folder: string, answeredPid: number | undefined): Promise<GatewayError> {
  let owner = answeredPid === undefined ? notedOwner(folder) : { pid: answeredPid, isElsewhere: false };
  for (let waitedMs = 0; owner === undefined && waitedMs < noteWithinMs; waitedMs += lookEveryMs) {
    await sleep(lookEveryMs);
    owner = notedOwner(folder);
  }
  const where = owner?.isElsewhere ? ' of another container or machine' : '';
  const who = owner === undefined ? 'another gateway' : `another gateway (process ${owner.pid}${where})`;
  return new GatewayError(`${who} is running on the data folder ${folder}`, {
    remedy: 'stop it first, or give this one its own `data:` in headgate.yaml',
  });
}

/** The mode is right from the first moment: a socket is connectable as soon as it exists. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const umask = process.umask(0o177);
  const listening = listen(server, path);
  process.umask(umask);
  try {
    await listening;
    chmodSync(path, 0o600);
  } catch (error) {
    throw new GatewayError(`cannot make the socket headgate.sock in the data folder: ${messageOf(error)}`, {
      remedy: 'give `data:` in headgate.yaml a local folder that this user may write to',
      cause: error,
    });
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** One question after the other, so that whoever asks a lot waits. */
async function serve(socket: Socket, answersNow: () => Answers | undefined): Promise<void> {
  let pending = '';
  socket.setEncoding('utf8');
  socket.unref();
  try {
    for await (const text of socket) {
      const lines = (pending + text).split('\n');
      pending = lines.pop()!;
      for (const line of lines) await answerTo(line, socket, answersNow());
      if (pending.length > maxRequestBytes) break;
    }
    socket.destroySoon();
  } catch {
    // A client that goes away in the middle is no concern of the gateway.
    socket.destroy();
  }
}

async function answerTo(line: string, socket: Socket, answers: Answers | undefined): Promise<void> {
  const reply = await replyTo(line, answers);
  const { result } = reply as { readonly result?: unknown };
  if (typeof result !== 'function') {
    socket.write(`${JSON.stringify(reply)}\n`);
    return;
  }
  socket.write(`${JSON.stringify({ ...reply, result: 'stream' })}\n`);
  socket.once('close', (result as Stream)(linesTo(socket)));
}

/** Lines that are waited for by nobody: those for which there is no room are counted, and their number is sent. */
function linesTo(socket: Socket): (line: object) => void {
  let missed = 0;
  const tellMissed = (): void => {
    if (missed > 0) socket.write(`${JSON.stringify({ missed })}\n`);
    missed = 0;
  };
  socket.on('drain', tellMissed);
  return (line) => {
    if (socket.destroyed) return;
    if (socket.writableLength > maxWaitingBytes) {
      missed += (line as { missed?: number }).missed ?? 1;
      return;
    }
    tellMissed();
    socket.write(`${JSON.stringify(line)}\n`);
  };
}

async function replyTo(line: string, answers: Answers | undefined): Promise<object> {
  const { pid } = process;
  try {
    const { command, args = {} } = JSON.parse(line) as { command?: unknown; args?: unknown };
    if (command === 'ping') return { ok: true, pid, result: null };
    if (answers === undefined) return { ok: false, pid, error: 'the gateway is still starting' };
    if (typeof command !== 'string' || !Object.hasOwn(answers, command)) {
      return { ok: false, pid, error: `unknown command; known: ${Object.keys(answers).join(', ')}` };
    }
    if (typeof args !== 'object' || args === null || Array.isArray(args)) {
      return { ok: false, pid, refused: true, error: '`args` is not a map' };
    }
    return { ok: true, pid, result: (await answers[command]!(args as Arguments)) ?? null };
  } catch (error) {
    const refusal = error instanceof GatewayError ? { refused: true, remedy: error.remedy } : {};
    return { ok: false, pid, ...refusal, error: messageOf(error) };
  }
}
