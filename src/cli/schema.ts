/** `headgate schema`: JSON Schemas, with which editors complete and check the files users write. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonSchema } from '../config/json-schema.ts';
import type { FileKind } from '../config/schema.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';
import { exitCodes, UsageError } from './failure.ts';

export interface SchemaOptions {
  /** `gateway`, `device` (or `devices`), `rules`, `test` (or `tests`) or `users`; left out: all of them. */
  readonly kind?: string | undefined;
  /** Folder to write files to; left out: to stdout. */
  readonly out?: string | undefined;
  readonly stdout: { write(text: string): unknown };
}

const kinds: Readonly<Record<string, FileKind>> = {
  gateway: 'gateway',
  device: 'device',
  devices: 'device',
  rules: 'rules',
  test: 'test',
  tests: 'test',
  users: 'users',
};

const fileNames: Readonly<Record<FileKind, string>> = {
  gateway: 'headgate.schema.json',
  device: 'device.schema.json',
  rules: 'rules.schema.json',
  test: 'test.schema.json',
  users: 'users.schema.json',
};

/** Returns the exit code. */
export async function schemaCommand({ kind, out, stdout }: SchemaOptions): Promise<number> {
  if (kind !== undefined && !Object.hasOwn(kinds, kind)) {
    throw new UsageError(`there is no schema \`${kind}\``, {
      remedy: 'write gateway, device, rules, test or users',
    });
  }
  const wanted: FileKind[] = kind === undefined ? (Object.keys(fileNames) as FileKind[]) : [kinds[kind]!];
  if (out !== undefined) await writeFiles(wanted, out, stdout);
  else if (kind !== undefined) stdout.write(asText(jsonSchema(wanted[0]!)));
  else stdout.write(asText(Object.fromEntries(wanted.map((one) => [one, jsonSchema(one)]))));
  return exitCodes.fine;
}

async function writeFiles(
  wanted: readonly FileKind[],
  out: string,
  stdout: SchemaOptions['stdout'],
): Promise<void> {
  try {
    await makeFolder(out);
    for (const one of wanted) await writeFile(join(out, fileNames[one]), asText(jsonSchema(one)));
  } catch (error) {
    throw new GatewayError(`cannot write to ${out}: ${messageOf(error)}`, {
      remedy: 'name a folder you may write to',
    });
  }
  for (const one of wanted) stdout.write(`${join(out, fileNames[one])}\n`);
}

function asText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
