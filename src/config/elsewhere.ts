/** Keys that people write where there are none, for what is said by another key or in another place. */

import type { KeyPath } from './located.ts';
import type { FileKind } from './schema.ts';

const inWindow = (example: string): string => `write it inside \`window\`: { tumbling: 1m, ${example} }`;
const activeExample = '`active: { cron: "* 6-21 * * 1-5", zone: Europe/Helsinki }`';

/** By key path, with `*` for any name or index: what to do instead. */
const remedies: Readonly<Partial<Record<FileKind, Readonly<Record<string, string>>>>> = {
  gateway: {
    ...below(
      'sources.*',
      ['port', 'host', 'listen', 'tls'],
      '`broker`: broker: { listen: [{ port: 1883 }] }',
    ),
    ...below(
      'sources.*',
      ['url', 'client_id', 'username', 'password', 'qos'],
      '`mqtt`: mqtt: { url: mqtt://… }',
    ),
    ...below('sources.*', ['path', 'baud', 'framing'], '`serial`: serial: { path: /dev/…, baud: 9600 }'),
    ...below('notify.*', ['url', 'headers'], '`webhook`: webhook: { url: https://… }'),
    ...below('notify.*', ['topic', 'source'], '`mqtt`: mqtt: { source: mqtt, topic: … }'),
    ...below('forward', ['url', 'database', 'token_file'], '`influx`: influx: { url: …, database: … }'),
  },
  device: {
    watermark: 'write `watermark: global` inside `window` of a rule; how late readings may be is `lateness`',
  },
  rules: {
    'rules.*.emit': inWindow('emit: 10s'),
    'rules.*.late': inWindow('late: revise'),
    'rules.*.keep': inWindow('late: revise, keep: 10m'),
    'rules.*.watermark': inWindow('watermark: global'),
    'rules.*.schedule': `write ${activeExample}: it says when the rule judges`,
    'rules.*.alert.*.active': `write ${activeExample} beside \`alert\`: it holds for the whole rule`,
    'rules.*.repeat': 'write `repeat: 1h` in an item of `alert`: each severity has its own',
    'rules.*.flapping': 'write `flapping: { changes: 4, within: 10m }` in an item of `alert`',
    'rules.*.silent.flapping': 'raise `silent_after` in the device profile',
    'rules.*.silent.active': `write ${activeExample} beside \`silent\`: it holds for the whole rule`,
  },
};

/** Keys that stand one level deeper. */
function below(map: string, keys: readonly string[], where: string): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [`${map}.${key}`, `it stands under ${where}`]));
}

/** What to do instead of an unknown key; undefined when there is nothing particular to say. */
export function remedyElsewhere(kind: FileKind, path: KeyPath): string | undefined {
  const found = Object.entries(remedies[kind] ?? {}).find(([pattern]) => fits(pattern.split('.'), path));
  return found?.[1];
}

function fits(parts: readonly string[], path: KeyPath): boolean {
  return parts.length === path.length && parts.every((part, i) => part === '*' || part === path[i]);
}
