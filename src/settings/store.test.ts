import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type Logger, silentLogger } from '../core/log.ts';
import { durableFilesOn } from '../log/durable-files.ts';
import { systemDisk } from '../log/files.ts';
import { createSimulatedDisk, failure, type SimulatedDisk } from '../log/simulated-disk.ts';
import { decodeSettings, encodeSettings } from './file.ts';
import { noSettings, type Settings } from './settings.ts';
import { openSettings, type SettingsStore } from './store.ts';
import { acknowledgementOf, silenceOf } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-settings-'));
after(() => rmSync(folder, { recursive: true }));

const path = '/data/settings.json';

function openOn(disk: SimulatedDisk, logger: Logger = silentLogger): Promise<SettingsStore> {
  return openSettings({ path, files: durableFilesOn(disk.attach()), logger });
}

const adding =
  (id: string) =>
  (settings: Settings): Settings => ({ ...settings, silences: [...settings.silences, silenceOf({ id })] });

const ids = (store: SettingsStore): string[] => store.settings().silences.map(({ id }) => id);

const texts = fc.string({ minLength: 1 });
const tags = fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fc.string());
const times = fc.integer({ min: 0, max: 4e12 });
const anySettings: fc.Arbitrary<Settings> = fc.record({
  silences: fc.array(
    fc
      .record({ id: texts, rule: texts, key: tags, untilMs: times, createdMs: times, reason: fc.string() })
      .map((one) => ({ ...one })),
  ),
  acknowledged: fc.array(
    fc.record({
      ...{ episode: texts, rule: texts, key: tags, atMs: times, by: fc.string() },
      severity: fc.constantFrom('info' as const, 'warning' as const, 'critical' as const),
    }),
  ),
});

test('what is written is read again; any damage is noticed', () => {
  fc.assert(
    fc.property(anySettings, fc.nat(), fc.integer({ min: 1, max: 255 }), (settings, at, change) => {
      const decoded = decodeSettings(encodeSettings(settings))!;
      assert.deepEqual(decoded, JSON.parse(JSON.stringify(settings)));
      const text = encodeSettings(decoded);
      const bytes = Buffer.from(text);
      bytes[at % bytes.length]! ^= change;
      const read = decodeSettings(bytes.toString());
      // A blank for another blank is no damage.
      assert.ok(read === undefined || encodeSettings(read) === text);
      assert.equal(
        decodeSettings(
          text
            .slice(0, at % text.length)
            .trimEnd()
            .slice(0, -1),
        ),
        undefined,
      );
    }),
  );
});

test('people can read the file, and only the gateway’s user', async () => {
  const file = join(folder, 'settings.json');
  const store = await openSettings({ path: file, files: durableFilesOn(systemDisk), logger: silentLogger });
  assert.deepEqual(store.settings(), noSettings);
  await store.update(() => ({
    silences: [silenceOf()],
    acknowledged: [acknowledgementOf({ note: 'seen' })],
  }));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const text = readFileSync(file, 'utf8');
  assert.match(text, /^\{\n {2}"checksum": "[0-9a-f]{8}",\n {2}"version": 1,/);
  assert.match(text, /\n {6}"until": "2026-01-05T06:00:01.000Z",/);
  assert.match(text, /\n {6}"note": "seen",\n {6}"at": "2026-01-05T06:00:00.000Z"\n/);
  await store.update(adding('s2'));
  assert.deepEqual(readdirSync(folder).sort(), ['settings.json', 'settings.json.bak']);
});

test('a damaged file is set aside, which is said, and the version before it taken', async () => {
  const disk = createSimulatedDisk();
  const store = await openOn(disk);
  await store.update(adding('one'));
  await store.update(adding('two'));
  disk.corrupt(path, (content) => content.subarray(0, 50));
  const said: string[] = [];
  const again = await openOn(disk, { ...silentLogger, error: (_, message) => void said.push(message) });
  assert.deepEqual(ids(again), ['one']);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /^settings file is damaged: set aside/);
  await again.update(adding('three'));
  assert.deepEqual(ids(await openOn(disk)), ['one', 'three']);
  assert.ok(disk.paths.includes(`${path}.corrupt`));
});

test('both damaged: it begins anew, and both are kept', async () => {
  const disk = createSimulatedDisk();
  const store = await openOn(disk);
  await store.update(adding('one'));
  await store.update(adding('two'));
  for (const name of [path, `${path}.bak`]) disk.corrupt(name, () => Buffer.from('{}'));
  assert.deepEqual((await openOn(disk)).settings(), noSettings);
  assert.deepEqual([...disk.paths].sort(), [`${path}.bak.corrupt`, `${path}.corrupt`]);
});

test('edits that come together go out together, in order', async () => {
  const disk = createSimulatedDisk();
  let writes = 0;
  disk.before = (step) => {
    if (step === 'sync') writes += 1;
  };
  const store = await openOn(disk);
  let changes = 0;
  const forget = store.onChange(() => changes++);
  const first = store.update(adding('a'));
  await Promise.all([first, ...['b', 'c', 'd'].map((id) => store.update(adding(id)))]);
  assert.deepEqual(ids(store), ['a', 'b', 'c', 'd']);
  assert.ok(changes <= 2, `${changes} writes`);
  assert.ok(writes <= 2 * changes);
  const before = changes;
  await store.update((settings) => settings);
  forget();
  await store.update(adding('e'));
  assert.equal(changes, before);
});

test('an edit that throws is told, and holds up no other', async () => {
  const store = await openOn(createSimulatedDisk());
  const wrong = store.update(() => {
    throw new Error('too many');
  });
  const right = store.update(adding('a'));
  await assert.rejects(wrong, /too many/);
  await right;
  assert.deepEqual(ids(store), ['a']);
});

test('an edit that cannot be written is told and has no effect; the next one has', async () => {
  const disk = createSimulatedDisk();
  const store = await openOn(disk);
  await store.update(adding('a'));
  disk.before = (step) => {
    if (step === 'write') throw failure('ENOSPC');
  };
  await assert.rejects(store.update(adding('b')), { name: 'GatewayError' });
  assert.deepEqual(ids(store), ['a']);
  assert.deepEqual(ids(await openOn(disk)), ['a']);
  disk.before = () => {};
  await store.update(adding('c'));
  assert.deepEqual(ids(store), ['a', 'c']);
  assert.deepEqual(ids(await openOn(disk)), ['a', 'c']);
});

test('a power cut at any moment leaves all that was told to be written, and at most the edit after it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 40 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 }),
      async (steps, choices) => {
        const disk = createSimulatedDisk();
        const store = await openOn(disk);
        let left = steps;
        const cut = Promise.withResolvers<void>();
        disk.before = () => {
          left -= 1;
          if (left >= 0) return undefined;
          cut.resolve();
          return new Promise<void>(() => {});
        };
        const told: string[] = [];
        const work = async (): Promise<void> => {
          for (const id of ['a', 'b', 'c', 'd']) {
            await store.update(adding(id));
            told.push(id);
          }
        };
        await Promise.race([work(), cut.promise]);
        disk.before = () => {};
        let choice = 0;
        disk.crash(() => choices[choice++ % choices.length]!);
        const found = ids(await openOn(disk));
        assert.deepEqual(found, ['a', 'b', 'c', 'd'].slice(0, found.length));
        assert.ok(found.length === told.length || found.length === told.length + 1, `${found} of ${told}`);
      },
    ),
    { numRuns: 100 },
  );
});
