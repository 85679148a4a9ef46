/**
 * `headgate export`: a backup of a gateway, or what it recorded, as a file.
 *
 * Invariant: a gateway that runs is neither stopped nor held up, and nothing of it is changed.
 */

import { basename, resolve } from 'node:path';
import { type Written, writeArchive, writeTo } from '../backup/archive.ts';
import type { Cut } from '../backup/cut.ts';
import { type About, aboutName, backupFormat, type Entry } from '../backup/format.ts';
import { loadGatewayFiles, readSettingsFiles, type SettingsFiles } from '../backup/settings-files.ts';
import { stateEntries } from '../backup/state-files.ts';
import { displayPath } from '../config/files.ts';
import { GatewayError } from '../core/errors.ts';
import { isDenied } from '../log/disk-error.ts';
import { askCut } from './ask-cut.ts';
import { exitCodes } from './failure.ts';
import { placeOf } from './gateway-place.ts';
import { outputError } from './output-error.ts';
import { printable } from './text-width.ts';
import { bytesText } from './units-text.ts';
import { packageVersion } from './version.ts';

export interface ExportOptions {
  readonly file: string | undefined;
  readonly config: string | undefined;
  readonly root: string | undefined;
  readonly settingsOnly: boolean;
  readonly withSecrets: boolean;
  readonly journal: boolean;
  readonly deadLetters: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Gives the exit code. Throws `GatewayError` when nothing could be saved. */
export async function exportCommand(options: ExportOptions): Promise<number> {
  if (options.journal || options.deadLetters) {
    const { exportLines } = await import('./export-lines.ts');
    return exportLines(options);
  }
  const place = await placeOf(options.config, options.root);
  const files = await loadGatewayFiles(place);
  const settings = await readSettingsFiles(place, files, options);
  const madeAt = new Date().toISOString();
  const { data, gateway } = files.config;
  const hangUp = new AbortController();
  try {
    const state = options.settingsOnly ? undefined : await openState(data, hangUp.signal);
    const about: About = {
      ...{ format: backupFormat, version: packageVersion(), gateway, madeAt },
      configFile: basename(place.configPath),
      ...(state && { state: { from: state.cut === undefined ? 'stopped' : 'running' } }),
      toSupply: settings.toSupply,
    };
    const file = options.file ?? `${gateway}-${madeAt.replaceAll(/[-:]|\.\d+/g, '')}.tar.gz`;
    const entries = allEntries(about, settings, state?.entries());
    const toStdout = file === '-';
    const written = await (toStdout
      ? writeTo(options.stdout, entries).catch((error: unknown) => {
          throw outputError(error);
        })
      : writeArchive(resolve(file), entries));
    const words = summary(toStdout ? undefined : file, about, written, settings, state);
    (toStdout ? options.stderr : options.stdout).write(`${words.map(printable).join('\n')}\n`);
    return exitCodes.fine;
  } finally {
    hangUp.abort();
  }
}

interface State {
  /** Undefined: no gateway is running. */
  readonly cut: Cut | undefined;
  entries(): AsyncGenerator<Entry>;
  /** What was found on the way. */
  readonly warnings: readonly string[];
}

/** Undefined when there is none: the gateway never ran. */
async function openState(data: string, signal: AbortSignal): Promise<State | undefined> {
  const warnings: string[] = [];
  let cut: Cut | undefined;
  const rest = stateEntries({
    data,
    cut: async () => (cut = await askCut(data, signal)),
    warn: (text) => warnings.push(text),
  });
  const first = await rest.next().catch((error: unknown) => {
    throw isDenied(error) ? denied(data, error) : error;
  });
  if (first.done) return undefined;
  return {
    cut,
    warnings,
    async *entries() {
      yield first.value;
      yield* rest;
      if (cut === undefined) await refuseStarted(data, signal);
    },
  };
}

function denied(data: string, cause: unknown): GatewayError {
  return new GatewayError(`this user may not read the data folder ${data}`, {
    remedy: 'export as root, or as the user the gateway runs as: sudo headgate export',
    cause,
  });
}

/** In the order in which an import reads them. */
async function* allEntries(
  about: About,
  { entries }: SettingsFiles,
  state: AsyncGenerator<Entry> | undefined,
): AsyncGenerator<Entry> {
  yield { name: aboutName, mode: 0o600, content: Buffer.from(`${JSON.stringify(about, null, 2)}\n`) };
  yield* entries;
  if (state !== undefined) yield* state;
}

/** What a gateway that was started meanwhile had changed already nobody knows. */
async function refuseStarted(data: string, signal: AbortSignal): Promise<void> {
  if ((await askCut(data, signal)) === undefined) return;
  throw new GatewayError(`a gateway was started on ${data} while its files were read`, {
    remedy: 'export again',
  });
}

function summary(
  file: string | undefined,
  { gateway, state, toSupply }: About,
  { files, bytes }: Written,
  settings: SettingsFiles,
  opened: State | undefined,
): string[] {
  const what =
    state === undefined
      ? 'settings only'
      : `settings and state (${state.from === 'running' ? 'it runs on' : 'it is not running'})`;
  const where = file === undefined ? '' : `${displayPath(resolve(file))}: `;
  const orTaken = toSupply.some((path) => !path.includes('${')) ? ' (or: --with-secrets)' : '';
  return [
    `${where}${gateway}, ${what}, ${files} files, ${bytesText(bytes)} before compression`,
    ...[...settings.warnings, ...(opened?.warnings ?? [])].map((text) => `warning: ${text}`),
    ...(toSupply.length === 0 ? [] : [`left out, to be supplied on the other machine${orTaken}:`]),
    ...toSupply.map((path) => `  ${path}`),
  ];
}
