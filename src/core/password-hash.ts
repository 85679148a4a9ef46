/**
 * Password hashes as they stand in a users file: argon2id in the PHC string format,
 * `$argon2id$v=19$m=19456,t=2,p=1$SALT$TAG`, salt and tag in base64 without padding.
 *
 * Argon2id, not scrypt: at the strength that OWASP's "Password Storage Cheat Sheet" asks for it takes 19 MiB and a fifth of
 * the time (scrypt: 16 MiB with five passes), and devices of a fleet all log in at once. A hash keeps its parameters, so
 * others of other programs are checked as well, within bounds that no file can make the gateway exceed.
 */

import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { GatewayError } from './errors.ts';

export interface PasswordHash {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** OWASP, "Password Storage Cheat Sheet", Argon2id: 19 MiB, 2 iterations, 1 lane. */
const usual = { memoryKiB: 19_456, passes: 2, lanes: 1 };
const saltBytes = 16;
const tagBytes = 32;
/** Passwords longer than this are nobody's; MQTT would carry 64 KB. */
export const maxPasswordBytes = 1024;

const form = /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
const bounds = {
  memoryKiB: [4096, 65_536],
  passes: [1, 10],
  lanes: [1, 4],
  salt: [8, 64],
  tag: [16, 64],
} as const;

/** Understands a hash; throws a `GatewayError` that does not show it. */
export function parsePasswordHash(text: string): PasswordHash {
  const remedy = 'write it with `headgate passwd NAME`';
  const match = form.exec(text);
  if (!match) {
    const looks = text.startsWith('$') || /^\w+:/.test(text) ? 'a hash of another kind' : 'no password hash';
    throw new GatewayError(`this is ${looks}: it must begin with $argon2id$v=19$m=`, { remedy });
  }
  const [memoryKiB, passes, lanes] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [salt, tag] = [Buffer.from(match[4]!, 'base64'), Buffer.from(match[5]!, 'base64')];
  const measures = { memoryKiB, passes, lanes, salt: salt.length, tag: tag.length };
  for (const [name, [min, max]] of Object.entries(bounds)) {
    const value = measures[name as keyof typeof measures];
    if (value >= min && value <= max) continue;
    throw new GatewayError(`${name} of this password hash is ${value}, not ${min} to ${max}`, { remedy });
  }
  return { memoryKiB, passes, lanes, salt, tag };
}

/** The text of a new hash, with a salt of its own. */
export async function hashPassword(password: Buffer): Promise<string> {
  const salt = randomBytes(saltBytes);
  const tag = await derive(password, { ...usual, salt }, tagBytes);
  const { memoryKiB, passes, lanes } = usual;
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${base64(salt)}$${base64(tag)}`;
}

/** Whether it is the password; takes as long for a wrong one. Runs in the thread pool, not on the event loop. */
export async function verifyPassword(password: Buffer, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, hash, hash.tag.length), hash.tag);
}

/** One that no password fits, for users that do not exist: refusing them takes as long as refusing a wrong password. */
export const nobodysHash: PasswordHash = {
  ...usual,
  salt: randomBytes(saltBytes),
  tag: randomBytes(tagBytes),
};

function derive(password: Buffer, hash: Omit<PasswordHash, 'tag'>, tagLength: number): Promise<Buffer> {
  const { memoryKiB: memory, passes, lanes: parallelism, salt: nonce } = hash;
  return new Promise((resolve, reject) => {
    argon2(
      'argon2id',
      { message: password, nonce, memory, passes, parallelism, tagLength },
      (error, derived) => {
        if (error) reject(error);
        else resolve(Buffer.from(derived));
      },
    );
  });
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
