/** What is checked: a file each, and a line here. Shown in this order. */

import { brokers } from './brokers.ts';
import type { Check } from './check.ts';
import { clock } from './clock.ts';
import { data } from './data.ts';
import { disk } from './disk.ts';
import { files } from './files.ts';
import { gateway } from './gateway.ts';
import { influx } from './influx.ts';
import { listeners } from './listeners.ts';
import { memory } from './memory.ts';
import { notifiers } from './notifiers.ts';
import { secrets } from './secrets.ts';
import { serial } from './serial.ts';
import { service } from './service.ts';
import { versions } from './versions.ts';

export const checks: Readonly<Record<string, Check>> = {
  ...{ versions, files, secrets, service, gateway },
  ...{ data, disk, memory, clock },
  ...{ listeners, serial, brokers, influx, notifiers },
};
