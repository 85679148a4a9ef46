/**
 * Loaded before a gateway's own modules: its machine has a thermal zone of the CPU, at 48.3 °C, whatever the real one has.
 *
 * Only for who reads it as a promise; all other files are the machine's.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const folder = '/sys/class/thermal';
const files: Readonly<Record<string, string>> = {
  [`${folder}/thermal_zone0/type`]: 'cpu-thermal\n',
  [`${folder}/thermal_zone0/temp`]: '48300\n',
};

const { readdir, readFile } = fs.promises;
fs.promises.readdir = ((path: string, ...rest: []) =>
  path === folder ? Promise.resolve(['thermal_zone0']) : readdir(path, ...rest)) as typeof readdir;
fs.promises.readFile = ((path: string, ...rest: []) =>
  files[path] === undefined ? readFile(path, ...rest) : Promise.resolve(files[path])) as typeof readFile;
syncBuiltinESMExports();
