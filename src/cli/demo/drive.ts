/** Lets the depot live: twenty times a second, whatever has become due is published and written. */

import type { Depot } from './bus.ts';
import { linesBetween, messagesBetween } from './depot.ts';
import type { Publisher } from './publisher.ts';
import type { SerialLine } from './serial-line.ts';
import { type DemoTime, stallMs } from './time.ts';

const everyMs = 50;

/** Ticks the time too; without it time stands still after `stallMs`. */
export function drive(
  depot: Depot,
  time: DemoTime,
  publisher: Publisher,
  serial: SerialLine | undefined,
): () => void {
  let doneMs = depot.startMs;
  const timer = setInterval(() => {
    time.tick();
    const untilMs = Math.floor(time.clock.now());
    publisher.publish(messagesBetween(depot, doneMs, untilMs));
    serial?.write(linesBetween(depot, doneMs, untilMs));
    doneMs = untilMs;
  }, everyMs);
  return () => clearInterval(timer);
}

/** Keeps time going while nothing is published: at the start and at the end. */
export function keepTicking(time: DemoTime): () => void {
  const timer = setInterval(time.tick, stallMs / 2);
  return () => clearInterval(timer);
}
