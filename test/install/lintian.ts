/** Both packages as Debian's own checker of packages sees them. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { packageFor } from './made.ts';

for (const architecture of ['amd64', 'arm64'] as const)
  test(`lintian finds no error in the package for ${architecture}`, () => {
    const path = packageFor(architecture);
    const { status, stdout, stderr } = spawnSync('lintian', ['--allow-root', '--fail-on', 'error', path], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
