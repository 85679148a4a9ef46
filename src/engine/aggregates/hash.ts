/**
 * A hash of 53 bits for a value of a reading, the same in every run: hashes are kept in checkpoints.
 *
 * Not for secrets, and no defence against values made to collide.
 * Source: two lanes of A. Appleby's MurmurHash3 (x86, 128 bits: the constants of its first two lanes), a code unit or
 * half of a double at a time.
 */

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

/** A whole number, 0 to 2^53 − 1. Zero and minus zero are one value. */
export function hashOf(value: number | string): number {
  let a = 0;
  let b = 0;
  if (typeof value === 'number') {
    double[0] = value + 0;
    for (let i = 0; i < 2; i++) {
      a = mixA(a, halves[i]!);
      b = mixB(b, halves[i]!);
    }
  } else {
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      a = mixA(a, unit);
      b = mixB(b, unit);
    }
    // A text of zero code units is not the empty one.
    a ^= value.length;
    b ^= value.length;
  }
  const low = spread(a + b);
  return (spread(b + low) & 0x1fffff) * 0x1_0000_0000 + (low >>> 0);
}

function mixA(hash: number, word: number): number {
  const mixed = hash ^ Math.imul(rotate(Math.imul(word, 0x239b961b), 15), 0xab0e9789);
  return (Math.imul(rotate(mixed, 19), 5) + 0x561ccd1b) | 0;
}

function mixB(hash: number, word: number): number {
  const mixed = hash ^ Math.imul(rotate(Math.imul(word, 0xab0e9789), 16), 0x38b34ae5);
  return (Math.imul(rotate(mixed, 17), 5) + 0x0bcaa747) | 0;
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** Every bit of the result depends on every bit of the word. */
function spread(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
