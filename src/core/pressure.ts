/**
 * Back-pressure from processing: while more waits than can soon be processed, senders get their answers only as room is made.
 *
 * Invariant: senders take turns, so that one who waits for one answer waits for no more than one of each other, however many those
 * wait for. Callbacks of one sender run in the order of asking, each once. Nothing is held back for ever: whoever holds lets go.
 * Not here: when to hold, and how much room there is.
 */

export interface Pressure {
  readonly isHeld: boolean;
  /** Of those who wait. */
  readonly waiting: number;
  /** Runs it at once while nothing is held, and in its sender's turn while something is. */
  whenMay(callback: () => void, sender?: object): void;
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

/** Of one sender. */
interface Queue {
  callbacks: (() => void)[];
  next: number;
}

/** Of those who do not say who they are. */
const somebody = {};

export function createPressure(onSpent: () => void = () => {}): HeldPressure {
  let isHeld = false;
  let allowance = Number.POSITIVE_INFINITY;
  let room = 0;
  /** By sender, never empty; whose turn it is comes first. */
  const queues = new Map<object, Queue>();
  let waiting = 0;

  function pass(): void {
    // Those who are put behind the others, and those who ask meanwhile, come again in the same loop.
    for (const [sender, queue] of queues) {
      if (isHeld && room <= 0) return;
      queues.delete(sender);
      const callback = take(queue);
      if (queue.callbacks.length > 0) queues.set(sender, queue);
      waiting -= 1;
      room -= 1;
      callback();
    }
  }

  return {
    get isHeld() {
      return isHeld;
    },
    get waiting() {
      return waiting;
    },
    whenMay(callback, sender = somebody) {
      if (waiting === 0 && (!isHeld || room > 0)) {
        room -= 1;
        callback();
        return;
      }
      waiting += 1;
      const queue = queues.get(sender);
      if (queue) queue.callbacks.push(callback);
      else queues.set(sender, { callbacks: [callback], next: 0 });
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

/** Leaves nothing when it was the last one. */
function take(queue: Queue): () => void {
  const callback = queue.callbacks[queue.next]!;
  queue.next += 1;
  const { callbacks, next } = queue;
  if (next === callbacks.length || (next > 1024 && next * 2 > callbacks.length)) {
    queue.callbacks = callbacks.slice(next);
    queue.next = 0;
  }
  return callback;
}
