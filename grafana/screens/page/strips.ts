/** Strips: the state of each series over time. */

import { shownAs } from './colours.ts';
import { element } from './dom.ts';
import type { Line, PanelScene } from './scene.ts';
import { clock, inUnit } from './units.ts';

interface Stretch {
  readonly fromMs: number;
  untilMs: number;
  readonly colour: string;
}

export function drawStrips({ panel, lines, range }: PanelScene, box: HTMLElement, height: number): void {
  const { fieldConfig } = panel;
  const field = fieldConfig!.defaults;
  const bridgeMs = typeof field.custom.spanNulls === 'number' ? field.custom.spanNulls : 0;
  const list = element('div', 'strips');
  const room = height - 46;
  const shown = lines.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })).slice(0, 20);
  const each = Math.min(34, room / Math.max(1, shown.length));
  const share = (ms: number): number => (100 * (ms - range.fromMs)) / (range.toMs - range.fromMs);
  const longest = Math.max(...shown.map(({ name }) => name.length), 4);
  box.style.setProperty('--names', `${Math.min(150, 12 + 6.8 * longest)}px`);
  if (shown.length === 0) box.append(element('div', 'empty', field.noValue));
  for (const line of shown) {
    const strip = element('div', 'strip');
    strip.style.height = `${each}px`;
    const track = element('div', 'track');
    for (const { fromMs, untilMs, colour } of stretches(
      line,
      bridgeMs,
      range.toMs,
      (value) => shownAs(value, field).colour,
    )) {
      const piece = element('div', 'piece');
      const left = Math.max(0, share(fromMs));
      piece.style.left = `${left}%`;
      piece.style.width = `${Math.min(100, share(untilMs)) - left}%`;
      piece.style.background = colour;
      track.append(piece);
    }
    strip.append(element('span', 'name', line.name), track);
    list.append(strip);
  }
  box.append(list, timeAxis(range.fromMs, range.toMs), legend(field));
}

/** Values of one colour that follow each other; one lasts until the next, a gap longer than what is bridged ends it. */
function stretches(
  { times, values }: Line,
  bridgeMs: number,
  endMs: number,
  colourOf: (value: number) => string,
): Stretch[] {
  const found: Stretch[] = [];
  const stepMs = Math.min(...times.slice(1).map((ms, i) => ms - times[i]!), endMs);
  const points = times.flatMap((ms, i) => (values[i] === null ? [] : [[ms, values[i] as number] as const]));
  for (const [i, [ms, value]] of points.entries()) {
    const next = points[i + 1]?.[0] ?? endMs;
    const isLong = next - ms > Math.max(bridgeMs, stepMs);
    const untilMs = isLong ? ms + stepMs : next;
    const colour = colourOf(value);
    const last = found.at(-1);
    if (last?.colour === colour && last.untilMs === ms) last.untilMs = untilMs;
    else found.push({ fromMs: ms, untilMs, colour });
  }
  return found;
}

function timeAxis(fromMs: number, toMs: number): HTMLElement {
  const axis = element('div', 'time-axis');
  for (let i = 0; i <= 4; i++) axis.append(element('span', '', clock(fromMs + ((toMs - fromMs) * i) / 4)));
  return axis;
}

function legend({
  mappings,
  thresholds,
  unit = 'none',
  decimals,
}: NonNullable<PanelScene['panel']['fieldConfig']>['defaults']): HTMLElement {
  const words = mappings?.flatMap(({ options }) => Object.values(options)) ?? [];
  const steps = thresholds!.steps;
  const named =
    words.length > 0
      ? words.map(({ text, color }) => [text ?? '', color ?? 'text'] as const)
      : steps.map(
          ({ value, color }, i) =>
            [
              value === null
                ? `< ${inUnit(steps[i + 1]?.value ?? null, unit, decimals)}`
                : `${inUnit(value, unit, decimals)}+`,
              color,
            ] as const,
        );
  const list = element('div', 'legend');
  for (const [text, color] of named) {
    const item = element('span', 'swatch', text);
    item.style.setProperty('--ink', shownAs(0, { thresholds: { steps: [{ value: null, color }] } }).colour);
    list.append(item);
  }
  return list;
}
