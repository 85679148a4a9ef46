/** What runs here: for whoever is asked for help. */

import os from 'node:os';
import { packageVersion } from '../version.ts';
import { type Check, fail, ok } from './check.ts';

const leastNode = 24;

export const versions: Check = async () => {
  const { node, v8 } = process.versions;
  const runtime = `Node.js ${node}, V8 ${v8}`;
  return [
    ok('headgate', `${packageVersion()} on ${os.type()} ${os.release()} ${process.arch}`),
    Number.parseInt(node, 10) >= leastNode
      ? ok('runtime', runtime)
      : fail('runtime', runtime, 'install a newer Node.js', String(leastNode)),
  ];
};
