import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { jsonSchema } from './json-schema.ts';
import type { FileKind } from './schema.ts';

/** What our schemas use of JSON Schema draft 7. */
interface Schema {
  readonly type?: string | string[];
  readonly description?: string;
  readonly properties?: Record<string, Schema>;
  readonly required?: string[];
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: Schema | Schema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: Schema[];
  readonly enum?: unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

const known = new Set(
  ['$schema', 'title', 'default', 'description', 'type', 'properties', 'required', 'additionalProperties']
    .concat([
      'propertyNames',
      'minProperties',
      'maxProperties',
      'items',
      'additionalItems',
      'minItems',
      'maxItems',
    ])
    .concat(['anyOf', 'enum', 'const', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum']),
);

function typeOf(value: unknown): string[] {
  if (Array.isArray(value)) return ['array'];
  if (value === null) return ['null'];
  return Number.isInteger(value) ? ['integer', 'number'] : [typeof value];
}

/** A small validator of our own: true when the value fits. */
function fits(schema: Schema, value: unknown): boolean {
  const types = schema.type === undefined ? undefined : [schema.type].flat();
  if (types && !typeOf(value).some((type) => types.includes(type))) return false;
  if (schema.anyOf && !schema.anyOf.some((choice) => fits(choice, value))) return false;
  if (schema.enum && !schema.enum.includes(value)) return false;
  if ('const' in schema && schema.const !== value) return false;
  if (typeof value === 'string') return fitsText(schema, value);
  if (typeof value === 'number')
    return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
  if (Array.isArray(value)) return fitsList(schema, value);
  return typeof value !== 'object' || value === null || fitsMap(schema, value);
}

function fitsText({ pattern, minLength = 0, maxLength = Infinity }: Schema, value: string): boolean {
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return false;
  return value.length >= minLength && value.length <= maxLength;
}

function fitsList({ items, minItems = 0, maxItems = Infinity }: Schema, value: unknown[]): boolean {
  if (value.length < minItems || value.length > maxItems) return false;
  return value.every((item, i) => {
    const schema = Array.isArray(items) ? items[i] : items;
    return !schema || fits(schema, item);
  });
}

function fitsMap(schema: Schema, value: object): boolean {
  const { properties = {}, required = [], additionalProperties: others, propertyNames } = schema;
  const keys = Object.keys(value);
  if (keys.length < (schema.minProperties ?? 0) || keys.length > (schema.maxProperties ?? Infinity))
    return false;
  if (required.some((key) => !keys.includes(key))) return false;
  return Object.entries(value).every(([key, child]) => {
    if (propertyNames && !fits(propertyNames, key)) return false;
    if (Object.hasOwn(properties, key)) return fits(properties[key]!, child);
    return typeof others === 'object' ? fits(others, child) : others !== false;
  });
}

function everySchema(schema: Schema): Schema[] {
  const { properties = {}, items = [], anyOf = [], additionalProperties, propertyNames } = schema;
  const more = typeof additionalProperties === 'object' ? [additionalProperties] : [];
  const below = [
    ...Object.values(properties),
    ...[items].flat(),
    ...anyOf,
    ...more,
    ...(propertyNames ? [propertyNames] : []),
  ];
  return [schema, ...below.flatMap(everySchema)];
}

const kinds: readonly FileKind[] = ['gateway', 'device', 'rules', 'test', 'users'];

for (const kind of kinds) {
  test(`every key of ${kind} files is described, and unknown ones are refused`, () => {
    for (const schema of everySchema(jsonSchema(kind))) {
      for (const key of Object.keys(schema))
        assert.ok(known.has(key), `${key} is not draft 7 as this test knows it`);
      if (!schema.properties) continue;
      // Only a feed has keys of the user's own: fields, whose feeds are described.
      const others = schema.additionalProperties;
      assert.ok(others === false || (kind === 'test' && (others as Schema).description));
      for (const [key, property] of Object.entries(schema.properties)) assert.ok(property.description, key);
    }
  });
}

const references: readonly (readonly [page: string, kinds: readonly FileKind[]])[] = [
  ['configuration.md', ['gateway', 'device', 'users']],
  ['rules.md', ['rules', 'test']],
];

for (const [page, kindsOfPage] of references) {
  test(`docs/${page} names every key of ${kindsOfPage.join(' and ')} files`, () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8');
    const keys = kindsOfPage
      .flatMap((kind) => everySchema(jsonSchema(kind)))
      .flatMap((schema) => Object.keys(schema.properties ?? {}));
    assert.deepEqual(
      keys.filter((key) => !new RegExp(`[\`.]${key}\\b|[{ ]${key}: |^ *${key}:`, 'm').test(text)),
      [],
    );
  });
}

const folder = join(import.meta.dirname, 'testdata');
for (const name of readdirSync(folder).filter((one) => /-(good|bad)\.yaml$/.test(one))) {
  const schema = jsonSchema(name.split('-')[0] as FileKind);
  test(`an editor agrees about ${name}`, () => {
    const data: unknown = tryParse(readFileSync(join(folder, name), 'utf8'));
    if (data === undefined) return;
    const isGood = name.endsWith('-good.yaml');
    if (isGood || /-keys-bad/.test(name)) assert.equal(fits(schema, data ?? {}), isGood);
  });
}

function tryParse(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
