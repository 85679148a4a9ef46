/** The detectors that rules can name: declared in rules/detector-functions.ts, made in src/detectors/. */

import type { MakeDetector } from '../../detectors/detector.ts';
import { detectors as made } from '../../detectors/index.ts';
import type { detectors as declared } from '../../rules/detector-functions.ts';

const implemented: Readonly<Record<keyof typeof declared, MakeDetector>> = made;

export const detectors: Readonly<Record<string, MakeDetector>> = implemented;
