import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readYaml } from './document.ts';
import { inReadingOrder } from './from.ts';
import { checkFrom } from './from-checks.ts';
import type { LocatedRule } from './located.ts';
import { ruleFileSchema } from './rule-schema.ts';
import { validate } from './validate.ts';

const file = readYaml('rules/r.yaml', '/site/rules/r.yaml', '');

/** `a < b, c`: rule a reads b and c. */
function rulesOf(text: string): LocatedRule[] {
  return text
    .trim()
    .split('\n')
    .map((line, i) => {
      const [name, from] = line.split('<').map((part) => part.trim());
      const rule = { name: name!, from: from!.split(', '), let: {}, lookup: {}, compute: {}, alert: [] };
      return { file, keyPath: ['rules', i], rule: { ...rule, forward: true } };
    });
}

function told(text: string, isBroken = false): string[] {
  const found = checkFrom({
    devices: ['bus', 'tram'],
    rules: rulesOf(text),
    mayBeBroken: () => isBroken,
  });
  return [...found].flatMap(([{ rule }, mistakes]) =>
    mistakes.map(({ index, message, remedy }) => `${rule.name}[${index}]: ${message} → ${remedy}`),
  );
}

test('devices and rules that are there', () => {
  assert.deepEqual(told('a < bus, rule:b\nb < tram\nc < rule:a, rule:b'), []);
});

test('names that lead nowhere', () => {
  assert.deepEqual(told('load < bsu\nb < rule:laod\nc < lod\nd < rule:xyz'), [
    'load[0]: unknown device `bsu` → did you mean `bus`?',
    'b[0]: unknown rule `laod` → did you mean `rule:load`?',
    'c[0]: unknown device `lod` → did you mean `rule:load`?',
    'd[0]: unknown rule `xyz` → known: load, b, c, d',
  ]);
});

test('a name of the other kind', () => {
  assert.deepEqual(told('load < bus\nb < load\nc < tram, rule:bus\nd < rule: load'), [
    'b[0]: `load` is a rule → write `rule:load` to read its results',
    'c[1]: `bus` is a device, not a rule → write `bus`',
    'd[0]: a blank in the name of a rule → write `rule:load`',
  ]);
});

test('a cycle is told once, with every rule of it', () => {
  assert.deepEqual(told('z < rule:b\na < bus, rule:c\nb < rule:a\nc < rule:b\nd < rule:d'), [
    'a[1]: a cycle: a reads c reads b reads a → one of them must read something else: rules read each other in one direction',
    'd[0]: rule `d` reads itself → name the device or rule that it computes from',
  ]);
});

test('rules of broken files are not judged', () => {
  assert.deepEqual(told('a < rule:b', true), []);
});

test('rules are ordered by what they read, else as given', () => {
  const ordered = (wanted: string, others?: string): string => {
    const own = rulesOf(wanted);
    const all = others === undefined ? own : [...own, ...rulesOf(others)];
    return inReadingOrder(own, all, ({ rule }) => rule)
      .map(({ rule }) => rule.name)
      .join(' ');
  };
  assert.equal(ordered('a < rule:c\nb < bus\nc < rule:b\nd < bus'), 'b c a d');
  assert.equal(ordered('a < rule:b\nb < rule:a\nc < bus'), 'b a c');
  assert.equal(ordered('a < rule:c', 'b < bus\nc < rule:d\nd < rule:b\ne < bus'), 'b d c a');
});

test('a chain of thousands of rules', () => {
  const chain = Array.from({ length: 5000 }, (_, i) => `r${i} < ${i === 4999 ? 'bus' : `rule:r${i + 1}`}`);
  const all = rulesOf(chain.join('\n'));
  const ordered = inReadingOrder(all, all, ({ rule }) => rule);
  assert.equal(ordered[0]!.rule.name, 'r4999');
  assert.equal(ordered.length, 5000);
});

test('a blank after the colon makes a map of it', () => {
  for (const from of ['{ rule: load }', '[bus, rule: load]', '\n      rule: load', '\n      - rule: load']) {
    const written = readYaml('r.yaml', '/r.yaml', `rules:\n  - name: r\n    from: ${from}\n`);
    const { diagnostics } = validate('rules', ruleFileSchema, written);
    assert.deepEqual(
      diagnostics.map(({ remedy }) => remedy),
      ['write rule:load, without a blank'],
      from,
    );
  }
});
