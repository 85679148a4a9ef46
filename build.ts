/** Emits what ships: `src` as JavaScript in `dist`, without tests. Sources of the packaged JavaScript stay readable. */

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, rmSync } from 'node:fs';

const emitted = 'dist/emitted';
const flags = ['--noEmit', 'false', '--outDir', emitted, '--rewriteRelativeImportExtensions'];

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.', ...flags], {
  stdio: 'inherit',
});
for (const file of globSync(`${emitted}/src/**/*.{test,contract}.js`)) rmSync(file);
cpSync(`${emitted}/src`, 'dist', { recursive: true });
rmSync(emitted, { recursive: true });
chmodSync('dist/main.js', 0o755);
