/** aedes with nothing behind it, a process of its own: what the broker alone can do. Answers how many it received. */

import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const broker = await Aedes.createBroker({ concurrency: 0 });
let received = 0;
broker.authorizePublish = (_client, _packet, callback) => {
  received += 1;
  callback(null);
};
const server = createServer(broker.handle);
server.listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port));
process.on('message', () => process.send!(received));
