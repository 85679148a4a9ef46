/** The fleet: which gateways are up, what fires, how much comes in, who lags, which versions. From `headgate`. */

import { alertLog } from '../../alerts.ts';
import type { Board } from '../../board.ts';
import { aboutGateways } from '../about-gateways.ts';
import { ofGateway } from '../health-queries.ts';
import { firingOver, readingsOver, upStrips, waitingOver } from './courses.ts';
import { gateways } from './gateways.ts';
import { behind, firing, heardAtAll, heardNow, readings, waiting } from './numbers.ts';

export const fleet = (): Board => ({
  uid: 'headgate-fleet',
  title: 'Headgate: fleet',
  description:
    'All gateways: who is up, what fires, how much comes in, who lags behind, and which versions run.',
  ...aboutGateways(),
  sections: [
    {
      lines: [
        {
          height: 4,
          panels: [
            [4, heardNow()],
            [4, heardAtAll()],
            [4, firing()],
            [4, readings()],
            [4, behind()],
            [4, waiting()],
          ],
        },
        { height: 7, panels: [[24, gateways()]] },
        {
          height: 7,
          panels: [
            [12, upStrips()],
            [12, firingOver()],
          ],
        },
        {
          height: 8,
          panels: [
            [12, readingsOver()],
            [12, waitingOver()],
          ],
        },
        {
          height: 9,
          panels: [
            [
              24,
              alertLog(
                {
                  title: 'Alerts',
                  description: 'The newest 100 changes of alerts, of all rules, as they were told.',
                },
                { where: ofGateway },
              ),
            ],
          ],
        },
      ],
    },
  ],
});
