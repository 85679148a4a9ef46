/**
 * Reads no more of a client's socket while packets of it wait for their answers.
 *
 * aedes means to: it counts the packets under way, and reads on when there are none. But it takes each `readable` event of the
 * socket for an answer, too, so that of packets as large as what is read at once none holds the next one back: one client
 * could fill the memory while the journal, or processing, is behind.
 * Reaches into private fields of aedes' client (`_nextBatch`, `_parsingBatch`); tests on the wire pin that.
 */

import type { Socket } from 'node:net';

/** What is used of the broker's client. */
interface BrokerClient {
  /** Ends a packet; reads on when it was the last one under way. */
  readonly _nextBatch: () => void;
  /** Packets under way; 1 before anything was read. */
  readonly _parsingBatch: number;
}

/** For a client that has just come. */
export function beUnhurried(connected: object, socket: Socket): void {
  const client = connected as BrokerClient;
  let isFirst = true;
  socket.removeListener('readable', client._nextBatch);
  socket.on('readable', () => {
    if (!isFirst && client._parsingBatch > 0) return;
    isFirst = false;
    client._nextBatch();
  });
}
