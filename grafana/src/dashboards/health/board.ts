/** The gateways' own health: what became of readings, lag, outbox, disk, memory, CPU, restarts. From `headgate`. */

import type { Board } from '../../board.ts';
import { aboutGateways } from '../about-gateways.ts';
import { backlog, forwarded, serverStrips, waiting } from './forward.ts';
import { cpu, dataBytes, diskFree, memory, temperature, uptime } from './machine.ts';
import { clockSure, dropped, late, leastDisk, restarts, setAside } from './numbers.ts';
import { behind, fates, heldBack, ruleFates } from './readings.ts';

export const health = (): Board => ({
  uid: 'headgate-health',
  title: 'Headgate: gateway health',
  description: 'Whether gateways keep up, whether what they make gets through, and how their machines are.',
  ...aboutGateways(),
  sections: [
    {
      lines: [
        {
          height: 4,
          panels: [
            [4, setAside()],
            [4, late()],
            [4, dropped()],
            [4, restarts()],
            [4, leastDisk()],
            [4, clockSure()],
          ],
        },
      ],
    },
    {
      title: 'Readings',
      lines: [
        {
          height: 8,
          panels: [
            [12, fates()],
            [12, ruleFates()],
          ],
        },
        {
          height: 8,
          panels: [
            [12, behind()],
            [12, heldBack()],
          ],
        },
      ],
    },
    {
      title: 'On the way to InfluxDB',
      lines: [
        {
          height: 8,
          panels: [
            [8, waiting()],
            [8, backlog()],
            [8, forwarded()],
          ],
        },
        { height: 6, panels: [[24, serverStrips()]] },
      ],
    },
    {
      title: 'Machine',
      lines: [
        {
          height: 8,
          panels: [
            [8, dataBytes()],
            [8, diskFree()],
            [8, memory()],
          ],
        },
        {
          height: 8,
          panels: [
            [8, cpu()],
            [8, temperature()],
            [8, uptime()],
          ],
        },
      ],
    },
  ],
});
