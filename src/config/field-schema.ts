/** Tags and fields of device files. */

import { z } from 'zod';
import { type Context, evenIfWrong, refuse, section } from './shapes.ts';
import { text } from './values.ts';

/** How one tag is filled. */
export const tag = z.union([
  text.transform((path) => ({ path })),
  section({
    path: text.exactOptional().describe('Where it stands in the payload.'),
    default: z.string().exactOptional().describe('Its value where the payload lacks it.'),
    value: z.string().exactOptional().describe('A constant.'),
  }).transform(({ path, value, default: otherwise }, context) => {
    if (value !== undefined && path === undefined && otherwise === undefined) return { value };
    if (path !== undefined && value === undefined) {
      return otherwise === undefined ? { path } : { path, default: otherwise };
    }
    refuse(
      context,
      'a tag is either read from a path or constant',
      'write { path: … }, { path: …, default: … } or { value: … }',
    );
    return z.NEVER;
  }),
]);

const range = z.tuple([z.number(), z.number()]).superRefine(([low, high], context) => {
  if (low <= high) return;
  refuse(context, `the range is empty: ${low} is above ${high}`, 'write [lowest, highest]');
});

/** One field of a device. */
export const field = section({
  path: text
    .exactOptional()
    .describe("Where it stands in the payload. Default: the codec's place for the name."),
  type: z.enum(['number', 'integer', 'boolean', 'string']).default('number').describe('Type of the value.'),
  unit: text.exactOptional().describe('Unit after scaling, for people: degC, bar, 1.'),
  scale: z.number().exactOptional().describe('The value is multiplied by it. Default: 1.'),
  offset: z.number().exactOptional().describe('Then this is added. Default: 0.'),
  range: range.exactOptional().describe('[lowest, highest] value after scaling.'),
  outside: z
    .enum(['drop', 'clamp', 'keep'])
    .exactOptional()
    .describe('What happens outside the range. Default: drop.'),
})
  .superRefine(refuseForOthers, evenIfWrong)
  .transform((config) => ({ scale: 1, offset: 0, outside: 'drop' as const, ...config }));

interface FieldKeys {
  readonly type: string;
  readonly scale?: number;
  readonly range?: unknown;
  readonly outside?: string;
}

/** Keys that say nothing about this field. */
function refuseForOthers(config: FieldKeys, context: Context): void {
  const isOther = config.type === 'boolean' || config.type === 'string';
  for (const key of isOther ? ['scale', 'offset', 'range', 'outside'] : []) {
    if (!(key in config)) continue;
    const at = { path: [key], at: 'key' } as const;
    refuse(
      context,
      `\`${key}\` is for numbers; this is a ${config.type}`,
      'remove it, or write type: number',
      at,
    );
  }
  if (config.scale === 0) {
    refuse(context, 'scale 0 makes every value the same', 'leave scale out, or write its factor', {
      path: ['scale'],
    });
  }
  if (!isOther && 'outside' in config && !('range' in config)) {
    const at = { path: ['outside'], at: 'key' } as const;
    refuse(context, '`outside` needs a range', 'add `range: [lowest, highest]`', at);
  }
}
