/**
 * Which server answers, told by its answer to `/ping`.
 *
 * Sources: InfluxDB 1.x `services/httpd/handler.go` and 2.x `http/platform_handler.go` (204, X-Influxdb-Version and -Build),
 * 3 Core `influxdb3_server/src/http.rs` (200 and a JSON text; asks for the token first, 401 without words).
 */

import { type Answer, wordsOf } from './classify.ts';

export interface InfluxServer {
  readonly words: string;
  readonly isInflux: boolean;
  /** Undefined when it does not say, or calls itself otherwise, as the cloud does. */
  readonly generation?: 1 | 2 | 3;
}

export function serverOf(answer: Answer): InfluxServer {
  const version = headerOf(answer, 'x-influxdb-version');
  if (version === undefined) return unknown(answer);
  const build = headerOf(answer, 'x-influxdb-build');
  const words = `InfluxDB ${version.replace(/^v/, '')}${build === undefined ? '' : ` (${build})`} answers`;
  const generation = /^v?([123])\./.exec(version)?.[1];
  if (generation === undefined) return { words, isInflux: true };
  return { words, isInflux: true, generation: Number(generation) as 1 | 2 | 3 };
}

function unknown(answer: Answer): InfluxServer {
  const said = `${answer.status} ${wordsOf(answer)}`.trimEnd();
  const words =
    answer.status === 401 || answer.status === 403
      ? `a server answers that does not say what it is without better credentials (${said})`
      : `a server answers that does not say that it is an InfluxDB (${said})`;
  return { words, isInflux: false };
}

function headerOf({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
