/** `npm run failing-disk [-- --every N]`: every step (or every Nth) of a gateway on its disk, failing in every way. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Failure, faultsOf, kinds, outcomeOf } from './failing.ts';
import { makeSite, startReceiver } from './site.ts';

const { values } = parseArgs({ options: { every: { type: 'string', default: '1' } } });
const root = mkdtempSync(join(tmpdir(), 'headgate-failing-'));
const data = join(root, 'data');
let faulty = 0;
try {
  for (const { name, code, steps, times } of kinds) {
    const receiver = await startReceiver();
    receiver.isUp = true;
    const site = await makeSite(join(root, 'site'), 'influx', receiver.url);
    const failure = (nth: number): Failure => ({ code, steps, nth, times });
    const reference = await outcomeOf(site, data, receiver, failure(Number.POSITIVE_INFINITY));
    let [cases, ended] = [0, 0];
    for (let nth = 0; nth < reference.steps; nth += Number(values.every)) {
      const outcome = await outcomeOf(site, data, receiver, failure(nth));
      cases += 1;
      ended += outcome.ends.length > 0 ? 1 : 0;
      const faults = faultsOf(reference, outcome, failure(nth));
      if (faults.length === 0) continue;
      faulty += 1;
      console.log(`step ${nth}: ${outcome.failed.join(', ')}\n  ${faults.join('\n  ')}`);
    }
    console.log(`the disk ${name}: ${cases} cases, in ${ended} the gateway ended and was started again`);
    await receiver.stop();
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
console.log(`${faulty} with faults`);
process.exitCode = faulty === 0 ? 0 : 1;
