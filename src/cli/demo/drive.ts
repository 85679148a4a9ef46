/**
 * Lets the depot live: twenty times a second, whatever has become due is published and written.
 *
 * Invariant: time waits for the gateway. While messages are on their way it does not go on, so a slow machine runs
 * the same demo more slowly: half a second in a queue would else be a minute of lateness.
 */

import type { Depot } from './bus.ts';
import { linesBetween, messagesBetween } from './depot.ts';
import type { Publisher } from './publisher.ts';
import type { SerialLine } from './serial-line.ts';
import type { DemoTime } from './time.ts';

const everyMs = 50;

/** Gives the function that ends it. */
export function drive(
  depot: Depot,
  time: DemoTime,
  publisher: Publisher,
  serial: SerialLine | undefined,
): () => void {
  let doneMs = depot.startMs;
  const timer = setInterval(() => {
    const untilMs = Math.floor(time.clock.now());
    publisher.publish(messagesBetween(depot, doneMs, untilMs));
    serial?.write(linesBetween(depot, doneMs, untilMs));
    doneMs = untilMs;
  }, everyMs);
  return () => clearInterval(timer);
}

/** Lets time go on except while `isHeld`; gives the function that ends it. */
export function keepTicking(time: DemoTime, isHeld: () => boolean): () => void {
  const timer = setInterval(() => {
    if (!isHeld()) time.tick();
  }, everyMs);
  return () => clearInterval(timer);
}
