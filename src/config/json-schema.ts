/**
 * JSON Schemas of the five kinds of files, for editors: what users write, not what it becomes.
 *
 * Draft 7, which every editor's YAML support understands.
 */

import { z } from 'zod';
import { deviceSchema } from './device-schema.ts';
import { gatewaySchema } from './gateway-schema.ts';
import { ruleFileSchema } from './rule-schema.ts';
import type { FileKind } from './schema.ts';
import { testFileSchema } from './test-schema.ts';
import { usersFileSchema } from './users-schema.ts';

const titles: Readonly<Record<FileKind, string>> = {
  gateway: 'Headgate: the gateway (headgate.yaml)',
  device: 'Headgate: a kind of device (devices/*.yaml)',
  rules: 'Headgate: rules (rules/*.yaml)',
  test: 'Headgate: tests of rules (rules/*.test.yaml)',
  users: 'Headgate: users of a broker (users.yaml)',
};

/** The schema of one kind of file as plain data. */
export function jsonSchema(kind: FileKind): object {
  const { $schema, ...rest } = z.toJSONSchema(schemaOf(kind), { target: 'draft-7', io: 'input' });
  return { $schema, title: titles[kind], ...withEmptyMaps(rest) };
}

type Json = z.core.JSONSchema.BaseSchema;

/** A map without required keys may be left empty after its `key:`, as validation has it. */
function withEmptyMaps(schema: Json): Json {
  const { properties, additionalProperties, items } = schema;
  const below: Json = {
    ...(properties && { properties: mapValues(properties, withEmptyMaps) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: withEmptyMaps(additionalProperties),
    }),
    ...(isSchema(items) && { items: withEmptyMaps(items) }),
  };
  const mayBeEmpty = schema.type === 'object' && !schema.required && !schema.minProperties;
  // A schema may have several types; zod's own type knows one.
  return { ...schema, ...below, ...(mayBeEmpty && { type: ['object', 'null'] as unknown as 'object' }) };
}

function mapValues(map: Record<string, z.core.JSONSchema._JSONSchema>, change: (schema: Json) => Json) {
  return Object.fromEntries(
    Object.entries(map).map(([key, one]) => [key, isSchema(one) ? change(one) : one]),
  );
}

function isSchema(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function schemaOf(kind: FileKind): z.ZodType {
  if (kind === 'gateway') return gatewaySchema({ folder: '/', hostName: 'gateway' });
  return { device: deviceSchema, rules: ruleFileSchema, test: testFileSchema, users: usersFileSchema }[kind];
}
