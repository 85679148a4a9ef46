/**
 * What `mosquitto_sub` prints: `topic payload` with `-v`, and `time topic payload` with `-F '%U %t %p'` or
 * `-F '%I %t %p'`.
 *
 * Nothing marks where a topic with spaces ends. A payload that is a JSON object says so itself; for any other the topic
 * is taken to have no space.
 */

import { parseArrival } from '../arrival-time.ts';
import { endOfLine } from '../records.ts';
import type { Format, Parts } from './format.ts';

const space = 32;
const closingBrace = 125;
const objectAhead = Buffer.from(' {');

export const mosquitto: Format = {
  about: 'topic and payload, as `mosquitto_sub -v` prints them',
  extensions: [],
  looksLike: (line) => /^[^\s,;{[]*\/[^\s]*(?: |$)/.test(line),
  holds: 'messages',
  endOfRecord: endOfLine,
  locate(buffer, start, end, into) {
    into.arrivalMs = Number.NaN;
    return locateTopic(buffer, start, end, into);
  },
};

export const timed: Format = {
  about: "time, topic and payload, as `mosquitto_sub -F '%U %t %p'` prints them",
  extensions: [],
  looksLike: (line) => /^\S+ \S/.test(line) && !Number.isNaN(parseArrival(line.slice(0, line.indexOf(' ')))),
  holds: 'messages',
  endOfRecord: endOfLine,
  locate(buffer, start, end, into) {
    const timeEnd = buffer.indexOf(space, start);
    if (timeEnd < 0 || timeEnd >= end) return 'no topic after the time';
    const text = buffer.toString('latin1', start, timeEnd);
    into.arrivalMs = parseArrival(text);
    if (Number.isNaN(into.arrivalMs)) return `${JSON.stringify(text.slice(0, 40))} is no time`;
    return locateTopic(buffer, timeEnd + 1, end, into);
  },
};

function locateTopic(buffer: Buffer, start: number, end: number, into: Parts): string | undefined {
  const topicEnd = endOfTopic(buffer, start, end);
  if (topicEnd <= start || topicEnd > end) return 'no topic';
  into.topic = buffer.toString('utf8', start, topicEnd);
  into.payloadStart = Math.min(topicEnd + 1, end);
  return undefined;
}

function endOfTopic(buffer: Buffer, start: number, end: number): number {
  if (buffer[end - 1] === closingBrace) {
    const object = buffer.indexOf(objectAhead, start);
    if (object >= 0 && object < end) return object;
  }
  const bare = buffer.indexOf(space, start);
  // An empty payload: `mosquitto_sub -v` prints the topic and a space, or the topic alone.
  return bare < 0 || bare > end ? end : bare;
}
