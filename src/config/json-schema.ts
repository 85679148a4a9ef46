/**
 * JSON Schemas of the three kinds of files, for editors: what users write, not what it becomes.
 *
 * Draft 7, which every editor's YAML support understands.
 */

import { z } from 'zod';
import { deviceSchema } from './device-schema.ts';
import { gatewaySchema } from './gateway-schema.ts';
import { ruleFileSchema } from './rule-schema.ts';
import type { FileKind } from './schema.ts';

const titles: Readonly<Record<FileKind, string>> = {
  gateway: 'Headgate: the gateway (headgate.yaml)',
  device: 'Headgate: a kind of device (devices/*.yaml)',
  rules: 'Headgate: rules (rules/*.yaml)',
};

/** The schema of one kind of file as plain data. */
export function jsonSchema(kind: FileKind): object {
  const { $schema, ...rest } = z.toJSONSchema(schemaOf(kind), { target: 'draft-7', io: 'input' });
  return { $schema, title: titles[kind], ...rest };
}

function schemaOf(kind: FileKind): z.ZodType {
  if (kind === 'gateway') return gatewaySchema({ folder: '/', hostName: 'gateway' });
  return kind === 'device' ? deviceSchema : ruleFileSchema;
}
