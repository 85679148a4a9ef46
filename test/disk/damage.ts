/**
 * Damage to the files of a data folder: every kind, at every region of each format.
 *
 * Invariant: the same seed and the same files give the same cases. Not here: what a gateway must then do.
 */

import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { isEnd, recordAt } from '../../src/log/record.ts';
import { decodeSegmentHeader, segmentHeaderBytes } from '../../src/log/segment.ts';

export type Kind =
  | 'flipped bit'
  | 'truncated'
  | 'empty'
  | 'missing'
  | 'garbage'
  | 'zeros'
  | 'folder'
  | 'unreadable'
  | 'unreadable bytes'
  | 'something behind'
  | 'leftover temporary file'
  | 'leftover temporary folder';

export interface Damage {
  readonly kind: Kind;
  /** In the data folder. */
  readonly file: string;
  /** For a flipped bit or a cut: where, and in what. */
  readonly at?: number;
  readonly region?: string;
}

export function nameOf({ kind, file, at, region }: Damage): string {
  const place = at === undefined ? '' : ` at ${at}${region === undefined ? '' : ` (${region})`}`;
  return `${file}: ${kind}${place}`;
}

interface Region {
  readonly name: string;
  readonly from: number;
  readonly bytes: number;
}

const headerFields = [
  ['magic', 6],
  ['version', 1],
  ['recycled', 1],
  ['epoch', 4],
  ['zero', 4],
  ['first sequence', 8],
  ['zero', 4],
  ['header crc', 4],
] as const;
const recordFields = [
  ['length', 4],
  ['crc', 4],
  ['sequence', 8],
  ['epoch', 4],
  ['group', 4],
] as const;

function fieldsAt(fields: readonly (readonly [string, number])[], at: number, of: string): Region[] {
  let from = at;
  return fields.map(([name, bytes]) => {
    const region = { name: `${name} of ${of}`, from, bytes };
    from += bytes;
    return region;
  });
}

/** The regions of a segment: its header, and the first, a middle and the last record and the clean end. */
function segmentRegions(content: Buffer): Region[] {
  const epoch = decodeSegmentHeader(content)?.epoch;
  const records = [];
  for (let at = segmentHeaderBytes; ; at = records.at(-1)!.end) {
    const record = recordAt(content, at, epoch);
    if (record === undefined) break;
    records.push(record);
  }
  const bodies = records.filter((record) => !isEnd(record));
  const chosen = [
    ['first record', bodies[0]],
    ['middle record', bodies[Math.floor(bodies.length / 2)]],
    ['last record', bodies.at(-1)],
    ['clean end', records.find(isEnd)],
  ] as const;
  return [
    ...fieldsAt(headerFields, 0, 'header'),
    ...chosen.flatMap(([name, record]) =>
      record === undefined
        ? []
        : [
            ...fieldsAt(recordFields, record.start, name),
            { name: `body of ${name}`, from: record.bodyStart, bytes: record.end - record.bodyStart },
          ],
    ),
  ].filter(({ bytes }) => bytes > 0);
}

function regionsOf(file: string, content: Buffer): Region[] {
  if (file.endsWith('.log')) return segmentRegions(content);
  if (file.startsWith('checkpoint')) {
    return [
      { name: 'magic', from: 0, bytes: 8 },
      { name: 'crc', from: 8, bytes: 4 },
      { name: 'body', from: 12, bytes: content.length - 12 },
    ];
  }
  const third = Math.ceil(content.length / 3);
  return ['front', 'middle', 'end']
    .map((name, i) => ({ name, from: i * third, bytes: Math.min(third, content.length - i * third) }))
    .filter(({ bytes }) => bytes > 0);
}

/** Whether the file has a content in which a wrong bit can be told from a right one, and matters. */
function isChecked(file: string): boolean {
  return !file.startsWith('points/') && !file.startsWith('dead-letters/');
}

/** All kinds of damage to all files: a bit of every region is flipped, and each file cut at two places. */
export function damagesOf(folder: string, random: () => number): Damage[] {
  return filesIn(folder).flatMap((file): Damage[] => {
    const content = readFileSync(join(folder, file));
    const somewhere = (from: number, bytes: number): number => from + Math.floor(random() * bytes);
    const flips = (isChecked(file) ? regionsOf(file, content) : []).map(
      ({ name, from, bytes }): Damage => ({
        kind: 'flipped bit',
        file,
        at: somewhere(from, bytes),
        region: name,
      }),
    );
    const cuts = [1, 2].map(
      (): Damage => ({ kind: 'truncated', file, at: somewhere(1, content.length - 1) }),
    );
    const whole: Kind[] = [
      'empty',
      'missing',
      'garbage',
      'zeros',
      'folder',
      'unreadable',
      'unreadable bytes',
      'something behind',
      'leftover temporary file',
      'leftover temporary folder',
    ];
    return [...flips, ...cuts, ...whole.map((kind) => ({ kind, file }))];
  });
}

/** Regular files of a data folder, as paths in it. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Does it. What only a hook can (a file that cannot be read) is left to the hook. */
export function inflict({ kind, file, at = 0 }: Damage, folder: string, random: () => number): void {
  const path = join(folder, file);
  const content = readFileSync(path);
  const garbage = (bytes: number): Buffer =>
    Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256)));
  const acts: Record<Kind, () => void> = {
    'flipped bit': () => {
      content[at]! ^= 1 << Math.floor(random() * 8);
      writeFileSync(path, content);
    },
    truncated: () => truncateSync(path, at),
    empty: () => truncateSync(path, 0),
    missing: () => rmSync(path),
    garbage: () => writeFileSync(path, garbage(content.length)),
    zeros: () => writeFileSync(path, Buffer.alloc(content.length)),
    folder: () => {
      rmSync(path);
      mkdirSync(path);
    },
    unreadable: () => {},
    'unreadable bytes': () => {},
    'something behind': () => appendFileSync(path, garbage(100)),
    'leftover temporary file': () => writeFileSync(`${path}.tmp`, garbage(100)),
    'leftover temporary folder': () => mkdirSync(join(`${path}.tmp`, 'with', 'content'), { recursive: true }),
  };
  acts[kind]();
}
