/**
 * Back-pressure from processing: while more waits than can soon be processed, senders get their answers only as room is made.
 *
 * Invariant: callbacks run in the order of asking, each once. Nothing is held back for ever: whoever holds lets go again.
 * Not here: when to hold, and how much room there is.
 */

export interface Pressure {
  readonly isHeld: boolean;
  /** Of those who wait. */
  readonly waiting: number;
  /** Runs it at once while nothing is held, and in its turn while something is. */
  whenMay(callback: () => void): void;
  /** So many bytes were taken in. */
  took(bytes: number): void;
}

export interface HeldPressure extends Pressure {
  /** From now on everybody waits. */
  hold(): void;
  /** Lets so many pass: those who wait, and then those who come until it is called again. */
  letPass(count: number): void;
  /** Everybody passes. */
  ease(): void;
  /** After so many bytes `onSpent` is called, once. */
  allow(bytes: number): void;
}

export function createPressure(onSpent: () => void = () => {}): HeldPressure {
  let isHeld = false;
  let allowance = Number.POSITIVE_INFINITY;
  let room = 0;
  let waiting: (() => void)[] = [];
  let next = 0;

  /** One that passes may ask again at once: it comes to the end of the queue. */
  function pass(): void {
    while (next < waiting.length && (room > 0 || !isHeld)) {
      room -= 1;
      waiting[next++]!();
    }
    if (next === waiting.length) {
      waiting = [];
      next = 0;
    } else if (next > 1024 && next * 2 > waiting.length) {
      waiting = waiting.slice(next);
      next = 0;
    }
  }

  return {
    get isHeld() {
      return isHeld;
    },
    get waiting() {
      return waiting.length - next;
    },
    whenMay(callback) {
      if (waiting.length === 0 && (!isHeld || room > 0)) {
        room -= 1;
        callback();
      } else waiting.push(callback);
    },
    took(bytes) {
      allowance -= bytes;
      if (allowance >= 0) return;
      allowance = Number.POSITIVE_INFINITY;
      onSpent();
    },
    allow(bytes) {
      allowance = bytes;
    },
    hold() {
      isHeld = true;
      room = 0;
    },
    letPass(count) {
      room = count;
      pass();
    },
    ease() {
      isHeld = false;
      pass();
    },
  };
}
