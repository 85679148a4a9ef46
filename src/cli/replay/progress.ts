/** A progress bar on the last line of a terminal, drawn again after anything else was written there. */

import { cut } from '../text-width.ts';
import { countText, durationText } from '../units-text.ts';

export interface ProgressBar {
  /** Draws at most every `everyMs`. `share`: how much is done, 0 … 1; undefined when nobody can know. */
  update(share: number | undefined, rows: number): void;
  /** Makes room for other lines; the bar is drawn again by the next update. */
  clear(): void;
}

const everyMs = 100;
const barCells = 24;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Does nothing unless the stream is a terminal. */
export function createProgressBar(stream: NodeJS.WriteStream, now = () => performance.now()): ProgressBar {
  const startedMs = now();
  let drawnMs = Number.NEGATIVE_INFINITY;
  let isDrawn = false;
  if (!stream.isTTY) return { update() {}, clear() {} };
  return {
    update(share, rows) {
      const nowMs = now();
      if (nowMs - drawnMs < everyMs) return;
      drawnMs = nowMs;
      isDrawn = true;
      stream.write(`\r\x1b[K${cut(progressText(share, rows, nowMs - startedMs), stream.columns || 80)}`);
    },
    clear() {
      if (isDrawn) stream.write('\r\x1b[K');
      isDrawn = false;
      drawnMs = Number.NEGATIVE_INFINITY;
    },
  };
}

/** `████▌      41 %  861,234 rows  212,000 rows/s  5 s left`. */
export function progressText(share: number | undefined, rows: number, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? Math.round((rows / elapsedMs) * 1000) : 0;
  const counts = `${countText(rows)} rows  ${countText(rate)} rows/s`;
  if (share === undefined) return `${counts}  ${durationText(elapsedMs)}`;
  const done = Math.min(1, Math.max(0, share));
  const left = done > 0.01 ? `  ${durationText((elapsedMs / done) * (1 - done))} left` : '';
  return `${bar(done)} ${String(Math.floor(done * 100)).padStart(3)} %  ${counts}${left}`;
}

function bar(share: number): string {
  const cells = share * barCells;
  const full = Math.floor(cells);
  return ('█'.repeat(full) + eighths[Math.floor((cells - full) * 8)]).padEnd(barCells);
}
