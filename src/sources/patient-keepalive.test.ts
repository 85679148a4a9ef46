import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { connectWire, publishPacket, type Wire } from '../../test/peers/mqtt-wire.ts';
import { until } from '../../test/peers/until.ts';
import { startBroker } from './mqtt-broker.ts';
import { createContext, createRecorder, type Recorder } from './source.contract.ts';

const keepaliveS = 1;
const longerThanKeepaliveMs = 2500;

/** A client of a broker whose journal is the recorder. */
async function connected(t: TestContext, recorder: Recorder): Promise<Wire> {
  const { context, stop } = createContext(recorder);
  const source = await startBroker(
    { listen: [{ port: 0, host: '127.0.0.1' }], allowAnonymous: false },
    context,
  );
  const wire = await connectWire(source.ports![0]!, { keepalive: keepaliveS });
  t.after(async () => {
    wire.destroy();
    recorder.release();
    stop();
    await source.closed;
  });
  return wire;
}

test('a client that says nothing is ended', async (t) => {
  const wire = await connected(t, createRecorder());
  await until(() => wire.closed, 'it is ended');
});

test('a client that pings is not', async (t) => {
  const wire = await connected(t, createRecorder());
  for (let i = 0; i < 5; i++) {
    await wait(500);
    wire.send({ cmd: 'pingreq' });
  }
  await until(() => wire.all('pingresp').length === 5, 'all are answered');
});

test('a client that waits for its answers is not, whose pings are not read meanwhile; once it has them, it is', async (t) => {
  const recorder = createRecorder(true);
  const wire = await connected(t, recorder);
  wire.send(publishPacket('t', 'x', { qos: 1, messageId: 1 }), { cmd: 'pingreq' });
  await wait(longerThanKeepaliveMs);
  assert.equal(wire.closed, false);
  recorder.release();
  await wire.first('puback');
  await wire.first('pingresp');
  await until(() => wire.closed, 'it is ended, for it is silent now');
});

test('a client whose ping lies in its socket while the process is busy is not', async (t) => {
  const wire = await connected(t, createRecorder());
  await wait(200);
  // From here timers come before sockets.
  await new Promise((resolve) => setImmediate(resolve));
  wire.send({ cmd: 'pingreq' });
  const busyUntilMs = performance.now() + longerThanKeepaliveMs;
  while (performance.now() < busyUntilMs);
  await wire.first('pingresp');
  assert.equal(wire.closed, false);
});
