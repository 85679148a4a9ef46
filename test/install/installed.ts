/** A booted Debian with the package for amd64 installed, and what tests ask of it again and again. */

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BootedRoot, boot } from './booted-root.ts';
import { packageFor } from './made.ts';

export const unit = 'headgate.service';

export interface Installed extends BootedRoot {
  /** A property of the service. */
  show(property: string): string;
  /** Starts the service anew; throws with the end of its log when that fails. */
  restart(): void;
  headgate(...args: string[]): string;
  /** Sends a temperature of a room at QoS 1; it is acknowledged when this returns. */
  publish(celsius: number): void;
  /** How many frames the gateway has taken, in all its life. */
  framesNow(): number;
  /** Waits for words in the service's log. */
  untilLogged(words: string): Promise<string>;
  /** Writes a file below /etc/headgate. */
  writeSetting(path: string, text: string): void;
  readSetting(path: string): string;
  /** Adds to the service's unit; takes hold when it is started next. */
  writeDropIn(name: string, text: string): void;
}

export async function installedOn(name: string): Promise<Installed> {
  const machine = await boot(name);
  try {
    copyFileSync(packageFor('amd64'), join(machine.folder, 'root/headgate.deb'));
    machine.run('dpkg', '-i', '/root/headgate.deb');
  } catch (error) {
    machine.stop();
    throw error;
  }
  const headgate = (...args: string[]): string => machine.run('headgate', ...args);
  return {
    ...machine,
    show: (property) => machine.run('systemctl', 'show', unit, '-p', property, '--value').trim(),
    restart() {
      const script = `systemctl restart ${unit} || { journalctl -u ${unit} -n 20 --no-pager -o cat >&2; false; }`;
      machine.run('sh', '-c', script);
    },
    headgate,
    publish(celsius) {
      const message = JSON.stringify({ t: celsius });
      machine.run('mosquitto_pub', '-h', '127.0.0.1', '-q', '1', '-t', 'rooms/1', '-m', message);
    },
    framesNow() {
      const status = JSON.parse(headgate('status', '--format', 'json')) as { fates: { frames: number } };
      return status.fates.frames;
    },
    untilLogged: (words) =>
      machine.until(/\S/, 'journalctl', '-u', unit, '-o', 'cat', '--no-pager', '-g', words),
    writeSetting: (path, text) => writeFileSync(join(machine.folder, 'etc/headgate', path), text),
    readSetting: (path) => readFileSync(join(machine.folder, 'etc/headgate', path), 'utf8'),
    writeDropIn(name, text) {
      const folder = join(machine.folder, 'etc/systemd/system', `${unit}.d`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), text);
      machine.run('systemctl', 'daemon-reload');
    },
  };
}
