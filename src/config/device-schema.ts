/**
 * devices/*.yaml: its keys, defaults and limits.
 *
 * Invariant: every name a rule can use (fields and tags of all kinds) is unique within its device.
 * Not here: the syntax of paths into payloads and time patterns; the codecs know it.
 */

import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';
import { closest } from '../core/suggest.ts';
import { field, tag } from './field-schema.ts';
import type { CodecConfig, DeviceProfile } from './schema.ts';
import {
  type Context,
  camelKeys,
  evenIfWrong,
  namedValues,
  parsed,
  refuse,
  section,
  show,
} from './shapes.ts';
import { parseTopic } from './topic.ts';
import { duration, identifier, label, text } from './values.ts';

const topic = parsed({ type: 'string' }, (value) => {
  if (typeof value !== 'string') {
    throw new GatewayError(`${show(value)} is not a topic`, { remedy: 'write text: bus/{vehicle}/state' });
  }
  parseTopic(value);
  return value;
});

const csv = section({
  columns: z
    .array(text)
    .min(1)
    .max(10_000)
    .superRefine((names, context) => {
      const seen = new Set<string>();
      for (const [i, name] of names.entries()) {
        const isFirst = seen.size < seen.add(name).size;
        if (isFirst) continue;
        refuse(context, `column \`${name}\` stands twice`, 'give each column its own name', { path: [i] });
      }
    })
    .exactOptional()
    .describe('Names of the columns; left out: the first line of each payload names them.'),
  delimiter: z.string().length(1).default(',').describe('One character between values.'),
});

/** Codecs by name, with their options. */
const codecOptions = { json: section({}), csv, influx: section({}), value: section({}) } as const;
type CodecName = keyof typeof codecOptions;
const codecNames = Object.keys(codecOptions) as [CodecName, ...CodecName[]];

const codec: z.ZodType<CodecConfig> = z.union([
  z.enum(codecNames).transform((name) => withOptions(name, name === 'csv' ? { delimiter: ',' } : {})),
  section({
    json: codecOptions.json.exactOptional().describe('JSON.'),
    csv: codecOptions.csv.exactOptional().describe('Lines of separated values.'),
    influx: codecOptions.influx.exactOptional().describe('InfluxDB line protocol.'),
    value: codecOptions.value.exactOptional().describe('One bare value.'),
  })
    .meta({ minProperties: 1, maxProperties: 1 })
    .transform((given, context) => {
      const [entry, ...more] = Object.entries(given);
      if (entry && more.length === 0) return withOptions(entry[0] as CodecName, entry[1]);
      refuse(context, 'a device has exactly one codec', `write one of ${codecNames.join(', ')}`);
      return z.NEVER;
    }),
]);

function withOptions(name: CodecName, options: object): CodecConfig {
  return { name, ...options } as CodecConfig;
}

const timeFormats = ['unix_s', 'unix_ms', 'unix_us', 'unix_ns', 'rfc3339'];

/** What the formats are called elsewhere. */
const otherNames: Readonly<Record<string, string>> = {
  iso: 'rfc3339',
  iso8601: 'rfc3339',
  unix: 'unix_s',
  epoch: 'unix_s',
  timestamp: 'unix_s',
  seconds: 'unix_s',
  s: 'unix_s',
  ms: 'unix_ms',
  milliseconds: 'unix_ms',
  us: 'unix_us',
  ns: 'unix_ns',
};

const timeFormat = text
  .superRefine((format, context) => {
    if (timeFormats.includes(format) || format.includes('%')) return;
    refuse(context, `${show(format)} is not a time format`, formatRemedy(format));
  })
  .describe('unix_s, unix_ms, unix_us, unix_ns, rfc3339, or a strptime pattern: "%Y-%m-%d %H:%M:%S".');

const zone = text
  .superRefine((name, context) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name });
    } catch {
      refuse(context, `${show(name)} is not a time zone`, 'write a name such as Europe/Helsinki, or UTC');
    }
  })
  .default('UTC')
  .describe('Zone of a pattern that names none: Europe/Helsinki. Default: UTC.');

function formatRemedy(format: string): string {
  const plain = format.toLowerCase().replace(/[^a-z0-9]/g, '');
  const near = Object.hasOwn(otherNames, plain) ? otherNames[plain] : closest(format, timeFormats);
  if (near) return `did you mean \`${near}\`?`;
  if (/yy|hh/i.test(format)) return `write "${asStrptime(format)}"`;
  return `write one of ${timeFormats.join(', ')}, or a pattern such as "%Y-%m-%d %H:%M:%S"`;
}

/** `YYYY-MM-DD HH:mm:ss`, as calendars of other systems have it. */
function asStrptime(format: string): string {
  const signs: readonly (readonly [RegExp, string])[] = [
    [/yyyy/gi, '%Y'],
    [/yy/gi, '%y'],
    [/MM/g, '%m'],
    [/dd/gi, '%d'],
    [/hh/gi, '%H'],
    [/mm/g, '%M'],
    [/[.]S+/g, '.%L'],
    [/ss/gi, '%S'],
  ];
  return signs.reduce((text, [sign, written]) => text.replace(sign, written), format);
}

/** A kind of device. */
export const deviceSchema: z.ZodType<DeviceProfile> = section({
  device: label.describe(
    'Name of this kind of device; rules say `from` it, and it is the default measurement.',
  ),
  description: z.string().exactOptional().describe('For people.'),
  source: text.exactOptional().describe('A source of headgate.yaml. Left out: frames of every source.'),
  topic: topic
    .exactOptional()
    .describe('MQTT filter; {name} is one level, kept as a tag. Not for serial lines.'),
  codec: codec.describe(
    'How payloads are written: json, csv, influx or value; options: { csv: { delimiter: ";" } }.',
  ),
  each: text.exactOptional().describe('Path to the rows where one payload holds many: $.rows[*].'),
  time: section({
    path: text.describe('Where the timestamp stands in the payload.'),
    format: timeFormat,
    zone,
  })
    .exactOptional()
    .describe("The device's own timestamp. Left out: arrival time."),
  tags: namedValues(identifier, tag, 100).default({}).describe('What tells devices apart; values are text.'),
  fields: namedValues(identifier, field).default({}).describe('What is measured.'),
  lateness: duration()
    .exactOptional()
    .describe(
      'How late a reading may be and still count. Default: 30s; 0s for readings timed by their arrival.',
    ),
  max_ahead: duration().prefault('10s').describe('How far in the future a timestamp may be.'),
  silent_after: duration({ min: '1s' })
    .exactOptional()
    .describe('A key without a reading for so long is silent.'),
  idle_after: duration({ min: '1s' })
    .exactOptional()
    .describe(
      'Windows of a key without readings close after so long. Default: the larger of 1m and lateness.',
    ),
  duplicates: z
    .enum(['drop', 'keep'])
    .default('drop')
    .describe('Same tags and event time seen already: drop or keep.'),
})
  .superRefine(refuseSharedNames, evenIfWrong)
  .transform(({ lateness: written, max_ahead, silent_after, idle_after, ...rest }) => {
    const lateness = written ?? (isTimedByArrival(rest) ? 0 : 30_000);
    return {
      ...camelKeys(rest),
      latenessMs: lateness,
      maxAheadMs: max_ahead,
      ...(silent_after !== undefined && { silentAfterMs: silent_after }),
      idleAfterMs: idle_after ?? Math.max(60_000, lateness),
    };
  });

/** Line protocol carries its own times; of the other formats only the profile knows where a time is. */
function isTimedByArrival({ time, codec }: { time?: unknown; codec: { name: string } }): boolean {
  return time === undefined && codec.name !== 'influx';
}

interface Names {
  readonly topic?: string;
  readonly tags?: object;
  readonly fields?: object;
}

/** None of a topic that is wrong itself. */
function levelNames(topic: unknown): readonly string[] {
  try {
    return typeof topic === 'string' ? parseTopic(topic).tagNames : [];
  } catch {
    return [];
  }
}

/** Topic levels, tags and fields are one scope in expressions; tag names of the topic obey the rules of all names. */
function refuseSharedNames(device: Names, context: Context): void {
  const levels = levelNames(device.topic);
  for (const name of levels) {
    const issue = identifier.safeParse(name).error?.issues[0];
    const remedy = 'choose another word in the braces';
    if (issue) refuse(context, issue.message, remedy, { path: ['topic'] });
  }
  for (const name of Object.keys(device.tags ?? {})) {
    if (!levels.includes(name)) continue;
    const at = { path: ['tags', name], at: 'key' } as const;
    refuse(context, `tag \`${name}\` is a level of the topic already`, 'give one of them another name', at);
  }
  for (const name of Object.keys(device.fields ?? {})) {
    if (!levels.includes(name) && !Object.hasOwn(device.tags ?? {}, name)) continue;
    const at = { path: ['fields', name], at: 'key' } as const;
    refuse(context, `\`${name}\` is a tag and a field`, 'give one of them another name', at);
  }
}
