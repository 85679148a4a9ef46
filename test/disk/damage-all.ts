/** `npm run damage -- [--rounds N] [--seed S] [--only TEXT]`: every kind of damage to every file, N times over. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { damagesOf, nameOf } from './damage.ts';
import { faultsOf, makeBases, outcomeOf } from './damaged.ts';
import { randomFrom, startReceiver } from './site.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const random = randomFrom(Number(values.seed));
const root = mkdtempSync(join(tmpdir(), 'headgate-damage-'));
const folder = join(root, 'case');
const receiver = await startReceiver();
let cases = 0;
let faulty = 0;
try {
  for (const outlet of ['influx', 'files'] as const) {
    for (const base of await makeBases(root, outlet, receiver)) {
      const reference = await outcomeOf(base, receiver, undefined, () => {}, folder);
      for (let round = 0; round < Number(values.rounds); round++) {
        for (const damage of damagesOf(base.folder, random)) {
          const name = `${outlet}, ${base.end}, ${nameOf(damage)}`;
          if (!name.includes(values.only)) continue;
          cases += 1;
          const faults = await faultsOf(damage, base, reference, receiver, random, folder);
          if (faults.length === 0) continue;
          faulty += 1;
          console.log(`${name}\n  ${faults.join('\n  ')}`);
        }
      }
      console.log(`${outlet}, ${base.end}: ${cases} cases so far, ${faulty} with faults`);
    }
  }
} finally {
  await receiver.stop();
  rmSync(root, { recursive: true, force: true });
}
process.exitCode = faulty === 0 ? 0 : 1;
