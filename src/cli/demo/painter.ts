/**
 * Puts lines on a terminal and replaces them by the next ones, in place.
 *
 * Invariant: uses the normal screen, so the last picture stays when the demo has ended, and what stood above it too.
 */

/** What is needed of a terminal; process.stdout is one. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

export interface Painter {
  paint(lines: readonly string[]): void;
  /** Leaves the cursor below the picture. */
  end(): void;
}

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
/** No wrapping: a character wider than thought must not push everything down a line. */
const wrapOff = '\x1b[?7l';
const wrapOn = '\x1b[?7h';
/** Synchronized output: terminals that know it show a picture whole; others ignore it. */
const beginPicture = '\x1b[?2026h';
const endPicture = '\x1b[?2026l';
const clearScreen = '\x1b[2J\x1b[H';
/** Before the text of a line: after a full one it would clear the last column. */
const clearLine = '\x1b[K';
const clearBelow = '\x1b[J';

export function createPainter(terminal: Terminal): Painter {
  let above = 0;
  let size = '';

  /** To the first line of the picture before; a resized terminal has moved it who knows where. */
  function goBack(): string {
    const now = `${terminal.columns}x${terminal.rows}`;
    const resized = size !== '' && size !== now;
    size = now;
    if (resized) return clearScreen;
    return above > 0 ? `\x1b[${above}A\r` : '\r';
  }

  return {
    paint(lines) {
      const shown = lines.slice(0, Math.max(1, terminal.rows - 1));
      const body = shown.map((line) => `${clearLine}${line}\n`).join('');
      terminal.write(
        beginPicture + hideCursor + wrapOff + goBack() + body + clearBelow + wrapOn + endPicture,
      );
      above = shown.length;
    },
    end: () => void terminal.write(wrapOn + showCursor),
  };
}
