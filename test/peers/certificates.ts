/** Certificates for tests, made by openssl in a temporary folder: an authority, a server, a client. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
  /** A server's, of yesterday. */
  readonly expired: { readonly cert: string; readonly key: string };
  /** A server's, of another name. */
  readonly elsewhere: { readonly cert: string; readonly key: string };
  /** Of nobody's authority. */
  readonly stranger: { readonly cert: string; readonly key: string };
  remove(): Promise<void>;
}

export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-tls-'));
  const file = (name: string) => join(folder, name);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await writeFile(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  await writeFile(file('other-names'), 'subjectAltName=DNS:elsewhere.example');

  async function selfSigned(name: string) {
    const pair = { cert: file(`${name}.pem`), key: file(`${name}.key`) };
    await run('openssl', [
      'req',
      '-x509',
      ...ec,
      '-subj',
      `/CN=${name}`,
      '-out',
      pair.cert,
      '-keyout',
      pair.key,
    ]);
    return pair;
  }
  async function signed(name: string, authority: { cert: string; key: string }, days = '2', names = 'names') {
    const pair = { cert: file(`${name}.pem`), key: file(`${name}.key`) };
    const request = file(`${name}.csr`);
    await run('openssl', [
      'req',
      '-new',
      ...ec.slice(0, -2),
      '-subj',
      `/CN=${name}`,
      '-out',
      request,
      '-keyout',
      pair.key,
    ]);
    const by = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', '-days', days];
    await run('openssl', ['x509', '-req', '-in', request, ...by, '-extfile', file(names), '-out', pair.cert]);
    return pair;
  }
  const authority = await selfSigned('authority');
  return {
    ca: authority.cert,
    server: await signed('server', authority),
    client: await signed('client', authority),
    expired: await signed('expired', authority, '-1'),
    elsewhere: await signed('elsewhere', authority, '2', 'other-names'),
    stranger: await selfSigned('stranger'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
