/** What reads what others wrote, by name. A new one is an export and a line here. */

import type { Target } from '../target.ts';
import { csv, csvColumns, influx, json, value } from './codecs.ts';
import { framing } from './framing.ts';
import { gateway } from './gateway.ts';
import { lineProtocol } from './line-protocol.ts';
import { mqtt } from './mqtt.ts';
import { devices, gatewayFile, rules } from './rule-files.ts';
import { socket } from './socket.ts';
import { checkpoint, cursor, journalBlock, laneRecord, log } from './storage.ts';
import { expression, message, path, pattern, time, topic } from './words.ts';

export const targets: Readonly<Record<string, Target>> = {
  json,
  csv,
  'csv-columns': csvColumns,
  influx,
  value,
  framing,
  gateway,
  'line-protocol': lineProtocol,
  topic,
  path,
  time,
  pattern,
  expression,
  message,
  rules,
  devices,
  'gateway-file': gatewayFile,
  log,
  'lane-record': laneRecord,
  'journal-block': journalBlock,
  cursor,
  checkpoint,
  socket,
  mqtt,
};
