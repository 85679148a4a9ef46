/** One gateway: its devices, sources and rules, what fires. From `headgate`, `headgate_device`, `headgate_rule`, `headgate_source`. */

import { alertLog } from '../../alerts.ts';
import type { Board } from '../../board.ts';
import { aboutGateways } from '../about-gateways.ts';
import { ofGateway } from '../health-queries.ts';
import { behind, firing, readings, upFor, version, waiting } from './numbers.ts';
import { deviceReadings, deviceTable, rulePoints, ruleTable } from './parts.ts';
import { ruleStrips, sourceStrips } from './strips.ts';

export const gateway = (): Board => ({
  uid: 'headgate-gateway',
  title: 'Headgate: one gateway',
  description: 'What one gateway hears, what its rules make of it and what fires.',
  ...aboutGateways({ single: true }),
  sections: [
    {
      lines: [
        {
          height: 4,
          panels: [
            [4, upFor()],
            [4, version()],
            [4, firing()],
            [4, readings()],
            [4, behind()],
            [4, waiting()],
          ],
        },
        {
          height: 7,
          panels: [
            [12, ruleStrips()],
            [12, sourceStrips()],
          ],
        },
        {
          height: 8,
          panels: [
            [
              24,
              alertLog(
                {
                  title: 'Alerts',
                  description: 'The newest 100 changes of alerts of this gateway, as they were told.',
                },
                { where: ofGateway },
              ),
            ],
          ],
        },
      ],
    },
    {
      title: 'Devices',
      lines: [
        {
          height: 8,
          panels: [
            [12, deviceReadings()],
            [12, deviceTable()],
          ],
        },
      ],
    },
    {
      title: 'Rules',
      lines: [
        {
          height: 8,
          panels: [
            [12, rulePoints()],
            [12, ruleTable()],
          ],
        },
      ],
    },
  ],
});
