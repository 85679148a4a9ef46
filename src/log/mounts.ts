/** What is mounted where, as the kernel tells it: proc_pid_mountinfo(5). Of another system nothing is known. */

import { readFileSync } from 'node:fs';

export interface Mount {
  /** `major:minor`. */
  readonly device: string;
  readonly point: string;
  readonly type: string;
  readonly isReadOnly: boolean;
}

export function mounts(): Mount[] {
  return tableText()
    .split('\n')
    .flatMap((line): Mount[] => {
      const [left = '', right = ''] = line.split(' - ');
      const [, , device = '', , point = '', options = ''] = left.split(' ');
      const [type = '', , ofType = ''] = right.split(' ');
      if (type === '') return [];
      const isReadOnly = [options, ofType].some((all) => all.split(',').includes('ro'));
      return [{ device, point: unescaped(point), type, isReadOnly }];
    });
}

/** The last one that is mounted on the longest part of the path, which has no links in it. */
export function mountOf(path: string): Mount | undefined {
  const above = mounts().filter(
    ({ point }) => path === point || path.startsWith(point === '/' ? '/' : `${point}/`),
  );
  return above.toSorted((a, b) => a.point.length - b.point.length).at(-1);
}

function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function tableText(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}
