/**
 * The hooks that CONNECT passes through: rules on its content, then the login.
 *
 * Invariant: what MQTT 3.1.1 has a return code for is answered with it before the connection ends.
 * Not here: the flags of CONNECT, which the parser judges (strict-packets.ts).
 */

import { type Access, LoginError, type Visitor } from './access.ts';
import { topicProblem } from './topic.ts';

/** A silent client may be ended when it seems dead (MQTT 3.1.1, 3.1.2.10), also one that asked for no keep-alive. */
export const maxKeepaliveS = 3600;
/** MQTT asks for 23 (3.1.3-5) and allows more. */
const maxClientIdBytes = 256;

/** What is used of the broker's packet. */
export interface Connect {
  keepalive?: number;
  readonly clientId: string;
  readonly clean?: boolean;
  readonly protocolVersion?: number;
  readonly will?: { readonly topic: string };
}

interface Seen {
  readonly willTopic: string | undefined;
  readonly problem: LoginError | undefined;
}

export function connectRules(access: Access) {
  const seen = new WeakMap<object, Seen>();
  return {
    preConnect(client: object, packet: Connect, callback: (error: null, ok: boolean) => void): void {
      // aedes refuses what is beyond its limit with a code that MQTT 3.1.1 does not know; so the value is lowered.
      if (!packet.keepalive || packet.keepalive > maxKeepaliveS) packet.keepalive = maxKeepaliveS;
      // aedes would make up an id for it: its answer comes in `authenticate`.
      seen.set(client, { willTopic: packet.will?.topic, problem: problemOf(packet) });
      callback(null, true);
    },
    authenticate(
      client: object,
      username: string | undefined,
      password: Buffer | undefined,
      callback: (error: LoginError | null, ok: boolean | null) => void,
    ): void {
      const { willTopic, problem } = seen.get(client)!;
      seen.delete(client);
      access.admit(client as Visitor, { username, password, willTopic, problem }, (error) =>
        callback(error ?? null, error === undefined),
      );
    },
  };
}

function problemOf({ clientId, clean, protocolVersion, will }: Connect): LoginError | undefined {
  // [MQTT-3.1.3-8]; MQTT 3.1 has no empty ids at all.
  if (clientId === '' && (!clean || protocolVersion === 3)) {
    return new LoginError('no client id, and a session to keep', 'clientId');
  }
  if (Buffer.byteLength(clientId) > maxClientIdBytes) {
    return new LoginError(`client id of more than ${maxClientIdBytes} bytes`, 'clientId');
  }
  const problem = will && topicProblem(will.topic);
  return problem === undefined ? undefined : new LoginError(`its will: ${problem}`, 'notAuthorized');
}
