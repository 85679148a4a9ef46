import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

/** Runs a program that calls `endProcess` after what is given. */
function end(before: string, exitCode: number) {
  const module = JSON.stringify(join(import.meta.dirname, 'end-process.ts'));
  const program = `import { endProcess } from ${module};\n${before}\nsetTimeout(endProcess, 50, ${exitCode});`;
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', program],
    { timeout: 20_000, killSignal: 'SIGKILL', encoding: 'utf8' },
  );
  return { status, signal, stdout, stderr };
}

test('the process ends with its code', () => {
  assert.deepEqual(end('console.log("said");', 3), { status: 3, signal: null, stdout: 'said\n', stderr: '' });
});

test('a worker that waits for a file forever does not hold it up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-end-'));
  try {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const before = `import { open } from 'node:fs/promises'; open(${JSON.stringify(pipe)}); console.log('said');`;
    for (const code of [0, 1]) {
      assert.deepEqual(end(before, code), { status: code, signal: null, stdout: 'said\n', stderr: '' });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
