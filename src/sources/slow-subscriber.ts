/**
 * What happens to a subscriber that does not read: it must not hold up the publishers of its topics.
 *
 * aedes waits for 'drain' once a socket is full, and every publisher of the topic waits with it. So sockets get more
 * room than is ever used, and a subscriber that is behind for long, or by much, misses messages (QoS 0) or is
 * disconnected (where it was promised all of them; its session keeps what it may). A burst is not slowness: all that
 * one turn of the loop delivers waits in the socket until the turn ends.
 */

import type { Socket } from 'node:net';

/** A subscriber with more than this unread may be slow; */
const behindBytes = 256 << 10;
/** it is when that lasts this long, */
const patienceMs = 500;
/** or with this much unread. */
const farBehindBytes = 1 << 20;
const socketBytes = 2 * farBehindBytes;

/** What is used of the broker's client. */
export interface Subscriber {
  readonly conn: { readonly writableLength: number; destroy(error: Error): unknown };
  readonly subscriptions: Readonly<Record<string, { readonly qos: number }>>;
}

export interface SlowCounters {
  slowDropped: number;
  slowDisconnected: number;
}

/**
 * Room for what a slow subscriber has not read. There is no public way: the option of `net` would also let a
 * publisher's unread megabyte in, `tls` has none.
 */
export function widen(socket: Socket): void {
  (socket as unknown as { _writableState: { highWaterMark: number } })._writableState.highWaterMark =
    socketBytes;
}

/** Whether a message of that QoS may be handed to the subscriber. */
export function createSlowGuard(
  counters: SlowCounters,
  nowMs: () => number = () => performance.now(),
): (subscriber: object, qos: number) => boolean {
  const behindSinceMs = new WeakMap<object, number>();

  function isSlow({ conn }: Subscriber): boolean {
    if (conn.writableLength <= behindBytes) {
      behindSinceMs.delete(conn);
      return false;
    }
    const sinceMs = behindSinceMs.get(conn);
    if (sinceMs === undefined) behindSinceMs.set(conn, nowMs());
    return conn.writableLength > farBehindBytes || (sinceMs !== undefined && nowMs() - sinceMs > patienceMs);
  }

  return (client, qos) => {
    const subscriber = client as Subscriber;
    if (!isSlow(subscriber)) return true;
    const isPromised = qos > 0 && Object.values(subscriber.subscriptions).some((each) => each.qos > 0);
    if (isPromised) {
      counters.slowDisconnected += 1;
      subscriber.conn.destroy(new Error(`reads too slowly: ${subscriber.conn.writableLength} bytes wait`));
    } else {
      counters.slowDropped += 1;
    }
    return false;
  };
}
