/** The kinds of windows: one line each. */

import type { WindowPlan } from '../../rules/plan.ts';
import { createCountWindows } from './count-windows.ts';
import { createSessionWindows } from './session-windows.ts';
import { createTimeWindows } from './time-windows.ts';
import type { WindowSettings, Windows } from './windows.ts';

type Kind = WindowPlan['kind'];
type Makers = {
  readonly [K in Kind]: (settings: WindowSettings<WindowPlan & { readonly kind: K }>) => Windows;
};

const makers: Makers = {
  time: createTimeWindows,
  calendar: createTimeWindows,
  session: createSessionWindows,
  count: createCountWindows,
};

export function createWindows(settings: WindowSettings): Windows {
  const make = makers[settings.window.kind] as (settings: WindowSettings) => Windows;
  return make(settings);
}
