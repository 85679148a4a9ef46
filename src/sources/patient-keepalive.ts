/**
 * The keep-alive of the broker's clients, patient with those that it does not read from itself.
 *
 * While the answers to a client's publishes wait for the journal, or for processing, aedes reads no more of it, its PINGREQ
 * included; and what a busy process has not read yet it has not heard. Neither is a dead client.
 * Invariant: a client that says nothing ends after one and a half of its keep-alive [MQTT-3.1.2-24], and a moment.
 * Reaches into private fields of aedes' client (`_keepaliveTimer`, `_keepaliveInterval`, `_parsingBatch`); its tests pin them.
 */

/** What is used of the broker's client. */
interface BrokerClient {
  readonly closed: boolean;
  readonly conn: { readonly readableLength: number };
  readonly _keepaliveInterval: number;
  _keepaliveTimer: NodeJS.Timeout | null;
  /** Packets taken from the socket whose handling has not ended. */
  readonly _parsingBatch: number;
  emit(event: 'error', error: Error): unknown;
}

interface Broker {
  on(event: 'clientReady', listener: (client: object) => void): unknown;
}

/** For what lies in the socket to be read, after a time in which the process was busy. */
const momentMs = 200;

export function keepPatient(broker: Broker): void {
  broker.on('clientReady', (client) => watch(client as BrokerClient));
}

function watch(client: BrokerClient): void {
  if (client._keepaliveInterval <= 0 || client.closed) return;
  let heard = false;
  if (client._keepaliveTimer) clearTimeout(client._keepaliveTimer);
  const timer = setTimeout(expired, client._keepaliveInterval);
  const refresh = timer.refresh.bind(timer);
  // aedes calls it with every packet.
  timer.refresh = () => {
    heard = true;
    return refresh();
  };
  client._keepaliveTimer = timer;

  function expired(): void {
    heard = false;
    setTimeout(judge, momentMs).unref();
  }

  function judge(): void {
    if (client.closed || heard) return;
    if (client._parsingBatch > 0 || client.conn.readableLength > 0) refresh();
    else client.emit('error', new Error('keep alive timeout'));
  }
}
