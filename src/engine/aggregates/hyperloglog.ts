/**
 * HyperLogLog: how many different values there were, of their hashes, in 4 KiB.
 *
 * Sources: P. Flajolet, É. Fusy, O. Gandouet, F. Meunier, "HyperLogLog: the analysis of a near-optimal cardinality
 * estimation algorithm" (2007); O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017),
 * algorithm 6, whose estimate needs no correction for small numbers.
 */

const registerBits = 12;
const registerCount = 2 ** registerBits;
/** Of a hash, beyond those that choose the register. */
const rankBits = 53 - registerBits;

/** Of the estimate, relative; three times it is rarely passed. */
export const standardError = 1.04 / Math.sqrt(registerCount);

/** By register the largest rank seen: 0, or 1 to `rankBits` + 1. */
export type Registers = Uint8Array;

export function createRegisters(): Registers {
  return new Uint8Array(registerCount);
}

/** `hash` is a whole number of 53 bits. */
export function addHash(registers: Registers, hash: number): void {
  const register = hash % registerCount;
  const rank = rankOf(Math.floor(hash / registerCount));
  if (rank > registers[register]!) registers[register] = rank;
}

export function mergeRegisters(into: Registers, from: Registers): void {
  for (let i = 0; i < registerCount; i++) if (from[i]! > into[i]!) into[i] = from[i]!;
}

/** The number of different hashes that were added; 0 when there was none. */
export function estimate(registers: Registers): number {
  const counts = new Float64Array(rankBits + 2);
  for (const rank of registers) counts[rank]! += 1;
  let z = registerCount * tau(1 - counts[rankBits + 1]! / registerCount);
  for (let rank = rankBits; rank >= 1; rank--) z = (z + counts[rank]!) / 2;
  z += registerCount * sigma(counts[0]! / registerCount);
  return registerCount ** 2 / (2 * Math.LN2 * z);
}

/** Place of the first set bit among `rankBits`, from 1; one more when none is set. */
function rankOf(bits: number): number {
  const high = Math.floor(bits / 0x1_0000_0000);
  const zeros = high > 0 ? Math.clz32(high) - (64 - rankBits) : rankBits - 32 + Math.clz32(bits >>> 0);
  return zeros + 1;
}

/** x + the sum of x^(2^k) · 2^(k−1) from k = 1; infinite at 1. */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let power = x;
  let sum = x;
  for (let weight = 1, before = -1; sum !== before; weight *= 2) {
    power *= power;
    before = sum;
    sum += power * weight;
  }
  return sum;
}

/** (1 − x − the sum of (1 − x^(2^−k))² · 2^−k from k = 1) / 3. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let rest = 1 - x;
  for (let weight = 0.5, before = -1; rest !== before; weight /= 2) {
    root = Math.sqrt(root);
    before = rest;
    rest -= (1 - root) ** 2 * weight;
  }
  return rest / 3;
}
