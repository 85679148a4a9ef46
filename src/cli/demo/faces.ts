/** The two faces of the demo: a live picture on a terminal, plain lines anywhere else. */

import type { Alert } from '../../core/types.ts';
import { alertText, progressText } from './lines.ts';
import { createPainter, type Terminal } from './painter.ts';
import type { Scene } from './scene.ts';
import { render } from './view.ts';

export interface Face {
  /** Real milliseconds between calls of `show`. */
  readonly everyMs: number;
  alert(alert: Alert): void;
  show(scene: Scene): void;
  /** Nothing is shown after it. */
  end(): void;
}

/** Redraws itself four times a second. */
export function liveFace(terminal: Terminal, colours: boolean): Face {
  const painter = createPainter(terminal);
  return {
    everyMs: 250,
    // Alerts are part of the picture.
    alert() {},
    show: (scene) => painter.paint(render(scene, terminal.columns, terminal.rows - 1, colours)),
    end: painter.end,
  };
}

/** A line for each alert, and one every five seconds for how things stand. */
export function plainFace(write: (text: string) => unknown): Face {
  return {
    everyMs: 5000,
    alert: (alert) => void write(`${alertText(alert)}\n`),
    show: (scene) => void write(`${progressText(scene)}\n`),
    end() {},
  };
}
