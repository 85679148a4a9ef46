import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { availableMemory, type MemoryRoots } from './memory.ts';

const MiB = 1024 * 1024;
const meminfo = 'MemTotal:         947788 kB\nMemFree:           60012 kB\nMemAvailable:     512000 kB\n';

async function tree(t: TestContext, files: Readonly<Record<string, string>>): Promise<MemoryRoots> {
  const root = await mkdtemp(join(tmpdir(), 'headgate-memory-'));
  t.after(() => rm(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return { proc: join(root, 'proc'), cgroup: join(root, 'cgroup') };
}

const unit = 'cgroup/system.slice/headgate.service';

test('what the machine says is available counts, not what is free', async (t) => {
  assert.equal(await availableMemory(await tree(t, { 'proc/meminfo': meminfo })), 500 * MiB);
});

test('a control group with a limit leaves less: its caches count as left', async (t) => {
  const files = {
    'proc/meminfo': meminfo,
    'proc/self/cgroup': '0::/system.slice/headgate.service\n',
    [`${unit}/memory.max`]: `${600 * MiB}\n`,
    [`${unit}/memory.current`]: `${400 * MiB}\n`,
    [`${unit}/memory.stat`]: `anon ${100 * MiB}\ninactive_file ${250 * MiB}\nactive_file 0\n`,
  };
  assert.equal(await availableMemory(await tree(t, files)), 450 * MiB);
  const full = { ...files, [`${unit}/memory.current`]: `${900 * MiB}` };
  assert.equal(await availableMemory(await tree(t, full)), 0);
  const unlimited = { ...files, [`${unit}/memory.max`]: 'max\n' };
  assert.equal(await availableMemory(await tree(t, unlimited)), 500 * MiB);
});

test('this machine has memory left, also where its figures are hidden', async (t) => {
  assert.ok((await availableMemory()) > 0);
  assert.ok((await availableMemory(await tree(t, {}))) > 0);
});
