/**
 * Every YAML example of the documentation passes `headgate check`, with what stands on the same page around it; a test
 * file passes `headgate test`, with the rule file above it.
 *
 * A block is a whole file, or by the word after `yaml`: `rule`, the keys of one rule without `name` and `from`; `fragment`,
 * a part that does not stand for itself. Blocks of `csv` with a name are the files that rules look up.
 */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkCommand } from '../../src/cli/check.ts';
import { testCommand } from '../../src/cli/test/test.ts';
import { type Fence, fencesOf } from './fences.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-docs-'));
after(() => rmSync(folder, { recursive: true }));

const root = new URL('../../', import.meta.url);
const pages = ['README.md', 'docs/configuration.md', 'docs/rules.md', 'docs/anomaly.md'];
const env = { OPS_TOKEN: 'secret' };

type Kind = 'device' | 'rules' | 'test' | 'users' | 'gateway';

/** As `headgate check` tells them apart: by the key that only one kind has. */
function kindOf({ label, text }: Fence): Kind {
  if (label === 'rule') return 'rules';
  if (/^device:/m.test(text)) return 'device';
  if (/^tests:$/m.test(text)) return 'test';
  if (/^users:$/m.test(text)) return 'users';
  return /^rules:$/m.test(text) ? 'rules' : 'gateway';
}

function asFile({ label, text }: Fence): string {
  if (label !== 'rule') return text;
  return `rules:\n  - name: example\n    from: DEVICE\n${text.replace(/^(?=.)/gm, '    ')}`;
}

interface Project {
  readonly gateway?: string;
  readonly devices: readonly string[];
  readonly rules: readonly string[];
  readonly tables: readonly Fence[];
  readonly users?: string;
}

/** A gateway that has users, by password and by certificate. */
const withUsers =
  'sources: { mqtt: { broker: { listen: [{ tls: { cert: c, key: k, client_ca: a } }], users: users.yaml } } }';

/** Whether a test file expects something of a rule of the file. */
function isAbout(test: string, rules: string): boolean {
  return [...rules.matchAll(/^ +- name: (\S+)/gm)].some((match) => test.includes(`: ${match[1]},`));
}

/** What `headgate test` says of a test file, its rule file and the devices; and the exit code. */
async function prove(test: string, rules: string, devices: readonly string[]): Promise<[number, string]> {
  const home = makeHome();
  const name = /^rules: (\S+)/m.exec(test)![1]!;
  for (const [i, text] of devices.entries()) writeFileSync(join(home, `devices/${i}.yaml`), text);
  writeFileSync(join(home, 'rules', name), rules);
  writeFileSync(join(home, 'rules', name.replace('.yaml', '.test.yaml')), test);
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  return [await testCommand({ paths: [], config: join(home, 'headgate.yaml'), env, stdout }), said];
}

let projects = 0;

function makeHome(): string {
  const home = join(folder, String(projects++));
  for (const name of ['', 'devices', 'rules']) mkdirSync(join(home, name));
  writeFileSync(join(home, 'headgate.yaml'), '');
  return home;
}

/** What `headgate check` says of a gateway with these files. */
async function check({
  gateway = '',
  devices,
  rules,
  tables,
  users = 'users: []\n',
}: Project): Promise<string> {
  const home = makeHome();
  writeFileSync(join(home, 'headgate.yaml'), gateway);
  writeFileSync(join(home, 'users.yaml'), users, { mode: 0o600 });
  for (const [i, text] of devices.entries()) writeFileSync(join(home, `devices/${i}.yaml`), text);
  for (const [i, text] of rules.entries()) writeFileSync(join(home, `rules/${i}.yaml`), text);
  for (const { label, text } of tables) writeFileSync(join(home, 'rules', label), text);
  let said = '';
  const stdout = {
    write(text: string): boolean {
      said += text;
      return true;
    },
  };
  await checkCommand({ paths: [], config: join(home, 'headgate.yaml'), format: 'text', env, stdout });
  return said;
}

for (const name of pages) {
  const fences = fencesOf(readFileSync(new URL(name, root), 'utf8'));
  const blocks = fences.filter(({ language }) => language === 'yaml' || language === 'yml');
  const whole = blocks.filter(({ label }) => !label.startsWith('fragment'));
  assert.ok(whole.length > 0, `${name} has examples`);
  const tables = fences.filter(({ language, label }) => language === 'csv' && label !== '');
  const devices = whole.filter((block) => kindOf(block) === 'device').map(asFile);
  const device = /^device: ([\w-]+)/m.exec(devices[0] ?? '')?.[1] ?? 'none';

  for (const block of blocks) {
    const place = `${name}:${block.line}`;
    if (!whole.includes(block)) {
      test(place, { skip: block.label }, () => {});
      continue;
    }
    const kind = kindOf(block);
    if (kind === 'test') {
      test(`${place} passes headgate test`, async () => {
        const above = whole
          .slice(0, whole.indexOf(block))
          .findLast((one) => kindOf(one) === 'rules' && !one.label && isAbout(block.text, one.text));
        const [code, said] = await prove(block.text, above!.text, devices);
        assert.equal(code, 0, said);
      });
      continue;
    }
    test(`${place} passes headgate check`, async () => {
      const text = asFile(block).replace('from: DEVICE', `from: ${device}`);
      const project = {
        gateway: { gateway: text },
        device: { devices: [text] },
        rules: { devices, rules: [text], tables },
        users: { gateway: withUsers, users: text },
      }[kind];
      const said = await check({ devices: [], rules: [], tables: [], ...project });
      assert.match(said, /^\d+ devices?, \d+ rules?: fine\n$/);
      if (kind === 'rules') assert.doesNotMatch(said, / 0 rules/);
    });
  }
}
