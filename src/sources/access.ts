/**
 * Who may be a client of the broker, and as whom.
 *
 * Invariant: without users only this machine's own clients are let in, unless it is written down otherwise; with users
 * whoever is none is refused with CONNACK 4 or 5. A client id belongs to the user who came with it while a connection or a
 * session has it: no other user takes it over. Users can be replaced at any moment, also while a password is being checked.
 * Not here: how passwords are checked (login-queue.ts), what a user may do (grants.ts).
 */

import net from 'node:net';
import { TLSSocket } from 'node:tls';
import type { BrokerConfig } from '../config/schema.ts';
import type { UserConfig } from '../config/users-schema.ts';
import { GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { ClientIds } from './client-ids.ts';
import { everything, type Grants, grantsOf, nothing } from './grants.ts';
import { hostAndPort } from './listeners.ts';
import { createLoginQueue } from './login-queue.ts';

/** Throws a `GatewayError` for a broker that would be open to strangers without anybody having said so. */
export function checkAccess(
  { listen, users: usersFile, allowAnonymous }: BrokerConfig,
  users: readonly UserConfig[] | undefined,
  name: string,
): void {
  if (usersFile !== undefined && users === undefined) {
    throw new GatewayError(`source ${name}: the users of ${usersFile} were not read`, {
      remedy: 'this is a bug: a broker without its users would be open to everyone',
    });
  }
  const strangers = listen.find(({ host }) => !isLoopback(host));
  if (strangers && !users && !allowAnonymous) {
    const where = hostAndPort(strangers.host, strangers.port);
    throw new GatewayError(`source ${name}: ${where} would let everyone in the network publish`, {
      remedy:
        'write `users: ./users.yaml` or `allow_anonymous: true` beside `listen`, or listen on 127.0.0.1',
    });
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (net.isIPv4(host) && host.startsWith('127.'));
}

/** MQTT 3.1.1, table 3.1. */
const codes = { clientId: 2, busy: 3, password: 4, notAuthorized: 5 } as const;

/** aedes answers CONNECT with the code of such an error. */
export class LoginError extends Error {
  readonly returnCode: number;
  constructor(message: string, code: keyof typeof codes) {
    super(message);
    this.returnCode = codes[code];
  }
}

/** What is used of the broker's client. */
export interface Visitor {
  readonly id: string;
  readonly closed: boolean;
  readonly conn: { destroy(error: Error): unknown; once(event: 'close', call: () => void): unknown };
}

export interface AccessCounters {
  loginsRefused: number;
  loginsBusy: number;
  clientIdsRefused: number;
  usersDisconnected: number;
}

export interface AccessOptions {
  readonly config: BrokerConfig;
  readonly users: readonly UserConfig[] | undefined;
  readonly clientIds: ClientIds;
  readonly counters: AccessCounters;
  /** Of a peer, as it is counted. */
  readonly addressOf: (visitor: Visitor) => string;
  readonly warn: Logger['warn'];
}

export interface Credentials {
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly willTopic: string | undefined;
  /** Why the visitor is refused whoever it is. */
  readonly problem: LoginError | undefined;
}

export interface Access {
  /** Calls back without an error when the visitor may come in. */
  admit(visitor: Visitor, credentials: Credentials, done: (error?: LoginError) => void): void;
  /** Of a client that was let in; of nobody, nothing. */
  grants(visitor: object | null): Grants;
  /** For the log. */
  userOf(visitor: object | null): string | undefined;
  replaceUsers(users: readonly UserConfig[]): void;
  stop(): void;
}

interface Peer {
  readonly user: string | undefined;
  grants: Grants;
  version: number;
}

type Users = ReadonlyMap<string, UserConfig>;

const byName = (users: readonly UserConfig[]): Users => new Map(users.map((user) => [user.name, user]));

export function createAccess(options: AccessOptions): Access {
  const { config, clientIds, counters, addressOf, warn } = options;
  let users = options.users && byName(options.users);
  let version = 0;
  const queue = createLoginQueue();
  const peers = new WeakMap<object, Peer>();
  const present = new Set<Visitor>();

  function grantsNow(user: string | undefined, clientId: string): Grants {
    if (user === undefined) return everything;
    const known = users?.get(user);
    return known ? grantsOf(known, clientId) : nothing;
  }

  function refuse(visitor: Visitor, user: string | undefined, error: LoginError): LoginError {
    const { message: reason, returnCode } = error;
    if (returnCode === codes.busy) counters.loginsBusy += 1;
    else if (returnCode === codes.clientId) counters.clientIdsRefused += 1;
    else counters.loginsRefused += 1;
    // A name that no user has is not shown: people type passwords into the wrong field.
    const known = user !== undefined && users?.has(user) ? { user } : {};
    warn({ from: addressOf(visitor), client: visitor.id.slice(0, 256), ...known, reason }, 'login refused');
    return error;
  }

  /** The last step, without waiting: nothing may come between the check and the claim. */
  function enter(
    visitor: Visitor,
    user: string | undefined,
    willTopic: string | undefined,
  ): LoginError | undefined {
    const grants = grantsNow(user, visitor.id);
    if (willTopic !== undefined && !grants.mayPublish(willTopic)) {
      return new LoginError('the topic of its will is not permitted', 'notAuthorized');
    }
    if (!clientIds.claim(visitor.id, user)) {
      return new LoginError('another user has this client id', 'clientId');
    }
    peers.set(visitor, { user, grants, version });
    present.add(visitor);
    visitor.conn.once('close', () => {
      present.delete(visitor);
      clientIds.release(visitor.id);
    });
    return undefined;
  }

  function admit(
    visitor: Visitor,
    { username, password, willTopic, problem }: Credentials,
    done: (error?: LoginError) => void,
  ): void {
    const finish = (user: string | undefined, refusal?: LoginError): void => {
      // Gone meanwhile: its id must not be claimed, for nothing would release it.
      if (visitor.closed) return;
      const error = refusal ?? enter(visitor, user, willTopic);
      done(error && refuse(visitor, username, error));
    };
    const certified = users && certifiedUser(users, visitor.conn);
    const isCertified = password === undefined && (username === undefined || username === certified);
    if (problem || !users) finish(undefined, problem);
    else if (certified !== undefined && isCertified) finish(certified);
    else if (username !== undefined) checkPassword(visitor, username, password, finish);
    else if (config.allowAnonymous) finish(undefined);
    else finish(undefined, new LoginError('neither user nor certificate', 'notAuthorized'));
  }

  function checkPassword(
    visitor: Visitor,
    username: string,
    password: Buffer | undefined,
    finish: (user: string | undefined, refusal?: LoginError) => void,
  ): void {
    const hash = users?.get(username)?.password;
    queue.check({
      hash,
      password: password ?? Buffer.alloc(0),
      address: addressOf(visitor),
      isGone: () => visitor.closed,
      done(result) {
        if (result === 'busy') finish(undefined, new LoginError('too many logins wait', 'busy'));
        else if (result === 'right' && users?.get(username)?.password === hash) finish(username);
        else finish(undefined, new LoginError('wrong user or password', 'password'));
      },
    });
  }

  function replaceUsers(next: readonly UserConfig[]): void {
    const before = users;
    const after = byName(next);
    if (!before) return;
    users = after;
    version += 1;
    for (const [name] of before) if (!after.has(name)) clientIds.forgetUser(name);
    for (const visitor of present) {
      const { user } = peers.get(visitor)!;
      if (user === undefined || isSameLogin(before.get(user), after.get(user))) continue;
      counters.usersDisconnected += 1;
      visitor.conn.destroy(new Error(`user ${user} was removed, or logs in by something else now`));
    }
  }

  return {
    admit,
    grants(visitor) {
      if (!users) return everything;
      const peer = visitor && peers.get(visitor);
      if (!peer) return nothing;
      if (peer.version !== version) {
        peer.grants = grantsNow(peer.user, (visitor as Visitor).id);
        peer.version = version;
      }
      return peer.grants;
    },
    userOf: (visitor) => (visitor ? peers.get(visitor)?.user : undefined),
    replaceUsers,
    stop: queue.stop,
  };
}

function isSameLogin(before: UserConfig | undefined, after: UserConfig | undefined): boolean {
  return (
    after !== undefined && before?.password === after.password && before?.certificate === after.certificate
  );
}

/** The user that a verified client certificate stands for. */
function certifiedUser(users: Users, conn: unknown): string | undefined {
  if (!(conn instanceof TLSSocket) || !conn.authorized) return undefined;
  const name: unknown = conn.getPeerCertificate().subject?.CN;
  if (typeof name !== 'string') return undefined;
  for (const user of users.values()) if (user.certificate === name) return user.name;
  return undefined;
}
