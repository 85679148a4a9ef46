/**
 * Takes over a backup as `headgate import` does, or finishes that, and dies before the step on the disk that `DIE_AT` names; without
 * it prints how many steps there were. Arguments: the gateway file, the backup.
 */

import { mkdirSync } from 'node:fs';
import { finishMoves, moveListOf } from '../../src/backup/moves.ts';
import { restore } from '../../src/backup/restore.ts';
import { hookDisk } from './disk-hook.ts';

const [configPath, archive] = process.argv.slice(2) as [string, string];
const dieAt = Number(process.env.DIE_AT ?? 'NaN');
let steps = 0;

hookDisk(async (step) => {
  if (step === 'read' || step === 'size' || step === 'list') return;
  steps += 1;
  if (steps !== dieAt) return;
  process.kill(process.pid, 'SIGKILL');
  await new Promise<never>(() => {});
});

const finished = await finishMoves(moveListOf(configPath));
if (finished === undefined) {
  await restore({
    ...{ configPath, archive, root: '/', env: {}, now: new Date('2026-01-08T06:00:00Z') },
    ...{ settingsOnly: false, force: true, outside: false },
    claim: async (data) => void mkdirSync(data, { recursive: true }),
  });
}
console.log(JSON.stringify({ steps, finished: finished !== undefined }));
