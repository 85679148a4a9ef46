import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { freePort } from './free-port.ts';

test('the wanted port if it is free, else another one', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const other = await freePort(port);
  assert.notEqual(other, port);
  assert.ok(other > 0);
  server.close();
  await once(server, 'close');
  assert.equal(await freePort(port), port);
});
