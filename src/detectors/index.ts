/** The detectors: one line each. Names, parameters and types are declared in rules/detector-functions.ts. */

import { anomaly } from './anomaly.ts';
import { cusum } from './cusum.ts';
import { drift } from './drift.ts';
import { ewma } from './ewma.ts';
import { forecast } from './forecast.ts';
import { mad } from './mad.ts';
import { spike } from './spike.ts';
import { stuck } from './stuck.ts';
import { zscore } from './zscore.ts';

export const detectors = { zscore, mad, ewma, cusum, drift, stuck, spike, forecast, anomaly };
