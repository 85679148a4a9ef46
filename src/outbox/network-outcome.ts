/**
 * What it means that there was no answer: the server's certificate, or the way to it.
 *
 * Not here: answers; see classify.ts.
 */

import { messageOf } from '../core/errors.ts';
import type { SinkOutcome } from './sink.ts';

/**
 * What to do about a certificate, by Node's codes: OpenSSL's names of what is wrong with a chain, and its own for a name that
 * is not in the certificate. The first that fits.
 */
const aboutCertificates: readonly (readonly [RegExp, string])[] = [
  [
    /CERT_(NOT_YET_VALID|HAS_EXPIRED)/,
    'set the clock of this machine if it is wrong (`timedatectl` shows it), or else renew the certificate of the server',
  ],
  [/ALTNAME/, 'write a name that the certificate is for in forward.influx.url'],
  [
    /CERT|UNABLE_TO_(VERIFY|GET)|SELF_SIGNED/,
    'mend the certificate of the server, or name its authority: NODE_EXTRA_CA_CERTS=/path/to/ca.pem',
  ],
];

export type NetworkOutcome = SinkOutcome & { readonly kind: 'refused' | 'unavailable' };

/** A certificate that is not trusted does not mend itself; what else goes wrong on the way may. */
export function networkOutcome(error: unknown): NetworkOutcome {
  const detail = networkWords(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const remedy = aboutCertificates.find(([pattern]) => pattern.test(code))?.[1];
  if (remedy === undefined) return { kind: 'unavailable', detail };
  return { kind: 'refused', detail: `${detail} (${code})`, remedy };
}

/** Node joins the failures of several addresses into an error without a message. */
function networkWords(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return messageOf(first) || 'the request failed';
}

/** What a person may do about it that there is no answer from this URL. */
export function networkRemedy(error: unknown, url: string): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  return remedies.find(([pattern]) => pattern.test(code))?.[1](url) ?? otherwise(url);
}

const remedies: readonly (readonly [RegExp, (url: string) => string])[] = [
  [
    /^(ENOTFOUND|EAI_)/,
    (url) =>
      `check the host name in the URL, and that this machine can look it up: getent hosts ${new URL(url).hostname}`,
  ],
  [
    /^ECONNREFUSED/,
    () => 'start the server, or correct host and port of the URL (usually 8086, of InfluxDB 3 Core 8181)',
  ],
  [/^(EHOST|ENET)/, () => 'check the network of this machine: cable, address, route to the server'],
  [/^(HPE_|EPROTO|ERR_SSL)/, () => 'check the port, and whether the URL begins with http:// or https://'],
];

function otherwise(url: string): string {
  return `check host and port of ${url}, and that no firewall is between`;
}
