/** Sizes as users write them: `256KB`, `512MB`, `1GB`, with 1 KB = 1024 bytes. Not here: limits. */

import { GatewayError } from '../core/errors.ts';

const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
};

const accepted = 'write a number and a unit without a space: 256KB, 512MB, 1GB (1 KB is 1024 bytes)';

/** What is accepted, for editors (JSON Schema). */
export const sizePattern = '^\\d+(\\.\\d+)?(B|KB|MB|GB|TB)$';

/** Bytes of a size. Fractions are fine (`1.5GB`) as long as whole bytes come out. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(B|KB|MB|GB|TB)$/.exec(text);
  const bytes = match ? Number(match[1]) * unitBytes[match[2]!]! : Number.NaN;
  if (!Number.isSafeInteger(bytes)) {
    const remedy = match ? accepted : remedyFor(text);
    throw new GatewayError(`\`${text}\` is not a size`, { remedy });
  }
  return bytes;
}

/** The shortest exact writing: 262144 → `256KB`. */
export function formatSize(bytes: number): string {
  const unit = ['TB', 'GB', 'MB', 'KB'].find(
    (name) => bytes >= unitBytes[name]! && bytes % unitBytes[name]! === 0,
  );
  return unit ? `${bytes / unitBytes[unit]!}${unit}` : `${bytes}B`;
}

function remedyFor(text: string): string {
  const close = /^(\d+(?:\.\d+)?)\s*([kmgt])(?:i?b)?$/i.exec(text.trim());
  return close ? `did you mean \`${close[1]}${close[2]!.toUpperCase()}B\`? ${accepted}` : accepted;
}
