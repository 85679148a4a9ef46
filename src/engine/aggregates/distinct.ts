/**
 * `distinct(x)`: how many different values there were, of any type; 0 when there was none. Exact up to `exactDistinct`
 * of them in a window, beyond it an estimate with the standard error of hyperloglog.ts.
 *
 * Values are known by hashes of 53 bits: texts of any length take no more room. That two of 1024 values share one, and
 * count as one, happens once in 10^10 windows.
 */

import { type Aggregate, isNull } from './aggregate.ts';
import { hashOf } from './hash.ts';
import { addHash, createRegisters, estimate, mergeRegisters, type Registers } from './hyperloglog.ts';

export const exactDistinct = 1024;

interface Seen {
  /** Empty once there are registers. */
  hashes: Set<number>;
  registers: Registers | undefined;
}

export function distinct(): Aggregate {
  const slotsSeen: Seen[] = [];
  return {
    grow() {},
    reset(slot) {
      slotsSeen[slot] = { hashes: new Set(), registers: undefined };
    },
    fold(slots, from, to, _rows, columns) {
      const xs = columns[0]!;
      for (let i = from; i < to; i++) {
        const x = xs[i]!;
        if (slots[i]! >= 0 && !isNull(x)) add(slotsSeen[slots[i]!]!, hashOf(x));
      }
    },
    merge(into, from) {
      join(slotsSeen[into]!, slotsSeen[from]!);
    },
    result(slot) {
      const { hashes, registers } = slotsSeen[slot]!;
      return registers === undefined
        ? hashes.size
        : Math.max(exactDistinct + 1, Math.round(estimate(registers)));
    },
    save: (slots) => Array.from(slots, (slot) => slotsSeen[slot]),
    load(saved, slots) {
      for (const [j, slot] of slots.entries()) slotsSeen[slot] = (saved as Seen[])[j]!;
    },
  };
}

function add(seen: Seen, hash: number): void {
  if (seen.registers !== undefined) {
    addHash(seen.registers, hash);
    return;
  }
  seen.hashes.add(hash);
  if (seen.hashes.size > exactDistinct) toRegisters(seen);
}

function toRegisters(seen: Seen): Registers {
  const registers = createRegisters();
  for (const hash of seen.hashes) addHash(registers, hash);
  seen.hashes = new Set();
  seen.registers = registers;
  return registers;
}

function join(into: Seen, from: Seen): void {
  if (from.registers !== undefined) mergeRegisters(into.registers ?? toRegisters(into), from.registers);
  for (const hash of from.hashes) add(into, hash);
}
