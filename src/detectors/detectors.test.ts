/** Every detector keeps to the contract. What each says is in its own test. */

import { detectorContract } from './detector.contract.ts';
import { detectors } from './index.ts';
import { hourMs, minuteMs } from './testing.ts';

const score = { ofLinear: 'unchanged', knowsDay: false, tolerance: 1e-6 } as const;
const inUnits = { ofLinear: 'as x', knowsDay: false, tolerance: 1e-3 } as const;

detectorContract('zscore', detectors.zscore, { ...score, parameters: [hourMs] });
detectorContract('mad', detectors.mad, { ...score, parameters: [hourMs] });
detectorContract('ewma', detectors.ewma, { ...inUnits, parameters: [15 * minuteMs] });
detectorContract('cusum', detectors.cusum, { ...score, parameters: [3 * hourMs, 0.5] });
detectorContract('drift', detectors.drift, { ...score, parameters: [hourMs, 12 * hourMs] });
detectorContract('stuck', detectors.stuck, { ...score, parameters: [10 * minuteMs, 0] });
detectorContract('spike', detectors.spike, { ...score, parameters: [] });
detectorContract('forecast', detectors.forecast, { ...inUnits, knowsDay: true, parameters: [10 * minuteMs] });
detectorContract('anomaly', detectors.anomaly, { ...score, knowsDay: true, tolerance: 0.1, parameters: [] });
