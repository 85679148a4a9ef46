import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { silentLogger } from '../core/log.ts';
import type { GatewayStatus } from '../core/status.ts';
import { forwardLine, idleMachine, keepingUp, noFates, quietJournal } from '../core/testing.ts';
import { openMetricsServer } from './metrics-server.ts';

/** Of more figures than the system keeps for somebody who does not read. */
const status: GatewayStatus = {
  ...{ gateway: 'x'.repeat(10_000_000), version: '1.2.3', pid: 1, startedMs: 0, nowMs: 0, restarts: 0 },
  ...{ machine: idleMachine, clock: { state: 'sure', steps: 0 }, fates: noFates },
  ...{ sources: [], devices: [], rules: [], alerts: [], notifiers: [] },
  disk: { state: 'ok', detail: '', losses: {} as GatewayStatus['disk']['losses'], setAside: [] },
  ...{ overload: keepingUp, journal: quietJournal, checkpoint: { atMs: undefined, bytes: 0 } },
  ...{ processedMs: 0, forward: forwardLine() },
};

function ask(port: number, path: string): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return socket;
}

test('who asks and does not read, or stays when answered, leaves room for others', async (t) => {
  const limits = { connections: 4, connectionMs: 500 };
  const server = await openMetricsServer([{ host: '127.0.0.1', port: 0 }], silentLogger, limits);
  t.after(server.close);
  server.answer({ status: () => status, stillness: { tooLongMs: () => undefined } });
  const [port] = server.ports as [number];
  const readers = Array.from({ length: limits.connections }, () => ask(port, '/metrics').pause());
  t.after(() => {
    for (const socket of readers) socket.destroy();
  });
  await Promise.all(readers.map((socket) => once(socket, 'connect')));
  const isAnswered = async (): Promise<boolean> => {
    const socket = ask(port, '/healthz').resume();
    await new Promise((resolve) => socket.once('close', resolve));
    return socket.bytesRead > 0;
  };
  while (!(await isAnswered()));
});
