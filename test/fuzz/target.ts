/** Something that reads what others wrote. */

import type { Random } from './random.ts';

export interface Target {
  /** An input: a good one that was changed, or one made up. */
  readonly make: (random: Random) => Buffer;
  /** Throws when what must hold does not. */
  readonly check: (input: Buffer) => void | Promise<void>;
}
