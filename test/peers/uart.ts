/**
 * What a serial receiver makes of bytes sent at another baud rate, bit by bit: 8 data bits, no parity, 1 stop bit.
 *
 * A pseudo-terminal has no bits; so the bytes are computed here, and sent through one.
 */

/** The bytes heard at `heardBaud` of bytes sent at `sentBaud`; a byte without a stop bit is a NUL, as terminals give it. */
export function heardAt(heardBaud: number, sentBaud: number, bytes: Buffer): Buffer {
  const levels = levelsOf(bytes);
  /** Of the line after `bits` bits of the receiver; idle before and after all. */
  const levelAt = (bits: number): number => levels[Math.floor((bits * sentBaud) / heardBaud)] ?? 1;
  const totalBits = (levels.length * heardBaud) / sentBaud;
  const heard: number[] = [];
  const step = 1 / 16;
  for (let at = 0; at < totalBits; ) {
    if (levelAt(at) === 1) {
      at += step;
      continue;
    }
    const data = Array.from({ length: 8 }, (_, bit) => levelAt(at + 1.5 + bit) << bit);
    const hasStop = levelAt(at + 9.5) === 1;
    heard.push(hasStop ? data.reduce((value, bit) => value | bit, 0) : 0);
    at += 9.5;
    // After a break nothing begins before the line was idle.
    while (!hasStop && at < totalBits && levelAt(at) === 0) at += step;
  }
  return Buffer.from(heard);
}

/** Start bit, data bits from the lowest, stop bit. */
function levelsOf(bytes: Buffer): number[] {
  return [...bytes].flatMap((byte) => [0, ...Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1), 1]);
}
