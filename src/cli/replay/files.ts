/**
 * Recorded files as one recording, in the order given.
 *
 * Invariant: all files are looked at before the first is replayed: a missing one, or one of another format, ends the
 * command before it has written anything.
 */

import { parse as parseCsv } from 'csv-parse/sync';
import type { CodecConfig, DeviceProfile } from '../../config/schema.ts';
import { parseTopic } from '../../config/topic.ts';
import { messageOf } from '../../core/errors.ts';
import { closest } from '../../core/suggest.ts';
import { UsageError } from '../failure.ts';
import { withArrivals } from './arrivals.ts';
import type { Block } from './block.ts';
import { compileEventTime, type ReadEventTime } from './event-time.ts';
import { sniffDelimiter } from './formats/csv.ts';
import { detectFormat, type Format, type FormatName, firstLine, formats } from './formats/index.ts';
import { type Input, openInput } from './input.ts';
import { forMessages, forReadings, recordedSource } from './profile.ts';
import { type ReadSettings, readBlocks } from './read.ts';
import type { Recording } from './recording.ts';

export interface FileSettings {
  readonly files: readonly string[];
  readonly device: string | undefined;
  readonly format: FormatName | undefined;
}

interface LookedAt {
  readonly input: Input;
  readonly format: FormatName;
  readonly header: string;
}

/** Throws UsageError or GatewayError for files that cannot be replayed for these devices. */
export async function openFiles(
  settings: FileSettings,
  devices: readonly DeviceProfile[],
): Promise<Recording> {
  const inputs = await Promise.all(settings.files.map(openInput));
  if (inputs.filter(({ name }) => name === 'stdin').length > 1) {
    throw new UsageError('standard input can be read once', { remedy: 'write `-` once' });
  }
  const files = (await Promise.all(inputs.map((input) => look(input, settings.format)))).filter(
    (file) => file !== undefined,
  );
  const name = sameFormat(files);
  const shape =
    name === undefined ? { devices: [], hasHeader: false } : shapeOf(name, files, settings, devices);
  const format = formats[name ?? 'jsonl'];
  const eventTimes = format.holds === 'readings' ? ofOneDevice(shape.devices) : ofTopics(shape.devices);
  const known = inputs.every(({ size }) => size !== undefined);
  const total = inputs.reduce((sum, { size }) => sum + (size ?? 0), 0);
  return {
    name: inputs.length === 1 ? inputs[0]!.name : `${inputs.length} files`,
    devices: name === undefined ? devices : shape.devices,
    blocks(book, counts) {
      const reading = {
        format,
        source: recordedSource,
        hasHeader: shape.hasHeader,
        eventTimes,
        book,
        counts,
      };
      const blocks = readAll(files, reading);
      return name === 'timed' ? blocks : withArrivals(blocks);
    },
    progress: () =>
      known && total > 0 ? inputs.reduce((sum, { position }) => sum + position, 0) / total : undefined,
    async close() {},
  };
}

async function* readAll(files: readonly LookedAt[], settings: ReadSettings): AsyncGenerator<Block> {
  for (const { input } of files) yield* readBlocks(input, settings);
}

/** Undefined for a file with nothing in it. */
async function look(input: Input, given: FormatName | undefined): Promise<LookedAt | undefined> {
  const start = await input.peek();
  const header = firstLine(start);
  const format = given ?? detectFormat(input.name, start);
  return header === undefined || format === undefined ? undefined : { input, format, header };
}

function sameFormat(files: readonly LookedAt[]): FormatName | undefined {
  const [first] = files;
  const other = files.find(({ format }) => format !== first?.format);
  if (first === undefined || other === undefined) return first?.format;
  throw new UsageError(
    `${first.input.name} is ${first.format}, ${other.input.name} is ${other.format}: one replay takes one format`,
    { remedy: 'replay them one after the other, or name the format with --format' },
  );
}

interface Shape {
  readonly devices: DeviceProfile[];
  readonly hasHeader: boolean;
}

function shapeOf(
  name: FormatName,
  files: readonly LookedAt[],
  { device }: FileSettings,
  devices: readonly DeviceProfile[],
): Shape {
  const profile = device === undefined ? undefined : profileOf(device, devices);
  const format: Format = formats[name];
  if (format.holds === 'messages') return { devices: forMessages(devices, device), hasHeader: false };
  if (profile === undefined) {
    throw new UsageError(`${files[0]!.input.name} is ${name}, and does not say whose readings it holds`, {
      remedy: `name the device: --device ${devices.map((known) => known.device).join('|') || 'NAME'}`,
    });
  }
  const { codec, hasHeader } = codecOf(name, files, profile);
  const shape = { devices: forReadings(devices, profile.device, codec), hasHeader };
  refuseTimeless(name, shape.devices);
  return shape;
}

/** The device of that name; throws UsageError. */
export function profileOf(name: string, devices: readonly DeviceProfile[]): DeviceProfile {
  const profile = devices.find(({ device }) => device === name);
  if (profile !== undefined) return profile;
  const names = devices.map(({ device }) => device);
  const near = closest(name, names);
  throw new UsageError(`there is no device ${name}`, {
    remedy: near === undefined ? `the devices are: ${names.join(', ') || 'none'}` : `did you mean ${near}?`,
  });
}

function refuseTimeless(name: FormatName, devices: readonly DeviceProfile[]): void {
  const profile = taking(devices)[0]!;
  if (compileEventTime(profile) !== undefined) return;
  throw new UsageError(`device ${profile.device} has no \`time\`, and ${name} records no arrival`, {
    remedy: 'add `time:` to a copy of the device profile, with the path and the format of the recorded time',
  });
}

interface FileCodec {
  readonly codec: CodecConfig;
  readonly hasHeader: boolean;
}

function codecOf(name: FormatName, files: readonly LookedAt[], { codec }: DeviceProfile): FileCodec {
  if (name === 'jsonl') return { codec: { name: 'json' }, hasHeader: false };
  if (name === 'influx') return { codec: { name: 'influx' }, hasHeader: false };
  const own = codec.name === 'csv' ? codec : undefined;
  const [first, ...others] = files;
  const delimiter =
    own && first!.header.includes(own.delimiter) ? own.delimiter : sniffDelimiter(first!.header);
  const columns = columnsOf(first!.header, delimiter);
  for (const other of others) {
    if (columnsOf(other.header, delimiter).join('\n') === columns.join('\n')) continue;
    throw new UsageError(`the columns of ${other.input.name} are not those of ${first!.input.name}`, {
      remedy: 'replay them one after the other',
    });
  }
  // A device may send rows without a header; so may its recording.
  const hasHeader = own?.columns === undefined || columns.some((column) => own.columns!.includes(column));
  return { codec: { name: 'csv', columns: hasHeader ? columns : own!.columns!, delimiter }, hasHeader };
}

/** Names of columns; one without a name, as some tools write their row numbers, gets its number. */
function columnsOf(header: string, delimiter: string): string[] {
  try {
    const [cells = []] = parseCsv(header, { delimiter }) as string[][];
    return cells.map((cell, i) => cell.trim() || `column ${i + 1}`);
  } catch (error) {
    throw new UsageError(
      `cannot read the header row ${JSON.stringify(header.slice(0, 60))}: ${messageOf(error)}`,
      {
        remedy: 'name another --format, or mend the row',
      },
    );
  }
}

/** The devices that recorded frames may reach. */
function taking(devices: readonly DeviceProfile[]): DeviceProfile[] {
  return devices.filter(({ source }) => source === recordedSource);
}

type EventTimes = ReadSettings['eventTimes'];

function ofOneDevice(devices: readonly DeviceProfile[]): EventTimes {
  const readers = taking(devices).map(compileEventTime);
  return () => readers;
}

/** Topics remembered; a flood of new ones must not fill the memory. */
const rememberedTopics = 100_000;

function ofTopics(devices: readonly DeviceProfile[]): EventTimes {
  const known = taking(devices).map((profile) => ({
    matches: profile.topic === undefined ? () => true : matcher(profile.topic),
    read: compileEventTime(profile),
  }));
  const byTopic = new Map<string, (ReadEventTime | undefined)[]>();
  return (topic) => {
    let readers = byTopic.get(topic);
    if (readers === undefined) {
      if (byTopic.size >= rememberedTopics) byTopic.clear();
      readers = known.filter(({ matches }) => matches(topic)).map(({ read }) => read);
      byTopic.set(topic, readers);
    }
    return readers;
  };
}

function matcher(pattern: string): (topic: string) => boolean {
  const { match } = parseTopic(pattern);
  return (topic) => match(topic) !== undefined;
}
