import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cpuTemperature } from './temperature.ts';

/** A tree as the kernel shows it below /sys/class. */
async function tree(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'headgate-sys-'));
  t.after(() => rm(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), `${text}\n`);
  }
  return root;
}

test('a Raspberry Pi says it in its only zone', async (t) => {
  const root = await tree(t, {
    'thermal/thermal_zone0/type': 'cpu-thermal',
    'thermal/thermal_zone0/temp': '48312',
    'thermal/cooling_device0/type': 'gpio-fan',
    'hwmon/hwmon0/name': 'cpu_thermal',
    'hwmon/hwmon0/temp1_input': '1000',
  });
  assert.equal(await cpuTemperature(root), 48.312);
});

test('of the zones of a PC the package counts, not the board; of a board with one for each cluster the hottest', async (t) => {
  const pc = await tree(t, {
    'thermal/thermal_zone0/type': 'acpitz',
    'thermal/thermal_zone0/temp': '27800',
    'thermal/thermal_zone10/type': 'x86_pkg_temp',
    'thermal/thermal_zone10/temp': '61000',
    'thermal/thermal_zone2/type': 'iwlwifi_1',
    'thermal/thermal_zone2/temp': '70000',
  });
  assert.equal(await cpuTemperature(pc), 61);
  const board = await tree(t, {
    'thermal/thermal_zone0/type': 'soc-thermal',
    'thermal/thermal_zone0/temp': '50000',
    'thermal/thermal_zone1/type': 'bigcore0-thermal',
    'thermal/thermal_zone1/temp': '55500',
    'thermal/thermal_zone2/type': 'gpu-thermal',
    'thermal/thermal_zone2/temp': '80000',
  });
  assert.equal(await cpuTemperature(board), 55.5);
});

test('without a zone of the CPU its hardware monitor is asked', async (t) => {
  const root = await tree(t, {
    'thermal/thermal_zone0/type': 'acpitz',
    'thermal/thermal_zone0/temp': '27800',
    'hwmon/hwmon0/name': 'nvme',
    'hwmon/hwmon0/temp1_input': '33850',
    'hwmon/hwmon3/name': 'k10temp',
    'hwmon/hwmon3/temp1_input': '-2500',
  });
  assert.equal(await cpuTemperature(root), -2.5);
});

test('what cannot be read, is no number or cannot be true is no temperature', async (t) => {
  for (const value of ['', 'N/A', '255000', '-274000', '4e4']) {
    const root = await tree(t, {
      'thermal/thermal_zone0/type': 'cpu-thermal',
      'thermal/thermal_zone0/temp': value,
      'hwmon/hwmon0/name': 'coretemp',
    });
    assert.equal(await cpuTemperature(root), undefined, value);
  }
  assert.equal(await cpuTemperature('/nowhere'), undefined);
});
