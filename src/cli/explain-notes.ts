/** What may be why nothing came of readings, in sentences: the reasons that the counts of a rule and its devices give. */

import type { ExplainedInput, ExplainedRule } from '../core/explained.ts';
import { clockText } from './explain-words.ts';
import { reasonsText } from './reasons-text.ts';
import { countText, durationText } from './units-text.ts';

/** The most telling first; none when all is well. */
export function noteTexts(explained: ExplainedRule): string[] {
  const { counts, keyLimit, where } = explained;
  const { readings, filtered, late, overLimit, keys } = counts;
  const filters = where === undefined ? '`where`' : `\`where\`: ${where.replace(/\s+/g, ' ').trim()}`;
  return [
    ...explained.inputs.flatMap((input) => inputNotes(input, explained.nowMs)),
    ...note(keys === 0, 'no key yet: a key is known from its first reading on'),
    ...note(
      readings > 0 && filtered === readings,
      `all ${countText(readings)} readings were filtered by ${filters}`,
    ),
    ...note(
      filtered > 0 && filtered < readings,
      `${countText(filtered)} of ${countText(readings)} readings were filtered by \`where\`, of all keys`,
    ),
    ...note(late > 0, `came late, when their windows had closed, of all keys: ${countText(late)}`),
    ...note(
      overLimit > 0,
      `${countText(overLimit)} readings were of keys beyond the ${countText(keyLimit)} a rule may have (series_per_rule)`,
    ),
  ];
}

function note(applies: boolean, text: string): string[] {
  return applies ? [text] : [];
}

function inputNotes(input: ExplainedInput, nowMs: number): string[] {
  const { name, reads, sourceDown, source, lastArrivalMs } = input;
  const { readings = 0, setAside = 0, duplicates = 0, reasons = {} } = input;
  if (reads) return [chainText(input), ...reads.flatMap((one) => inputNotes(one, nowMs))];
  const frame =
    lastArrivalMs === undefined
      ? ''
      : `; its last frame arrived at ${clockText(lastArrivalMs, nowMs)}, ${durationText(nowMs - lastArrivalMs)} ago`;
  return [
    ...note(sourceDown !== undefined, `source ${source} of device ${name} is not up: ${sourceDown}`),
    ...note(
      lastArrivalMs === undefined,
      `device ${name} has sent nothing since the start: see \`headgate devices\``,
    ),
    ...note(lastArrivalMs !== undefined && readings === 0, `device ${name} has given no reading${frame}`),
    ...note(setAside > 0, `device ${name}: ${countText(setAside)} set aside (${reasonsText(reasons)})`),
    ...note(
      duplicates > 0,
      `device ${name}: dropped as copies, with the tags and time of a reading before: ${countText(duplicates)}`,
    ),
  ];
}

/** `rule:room-minute reads cold-store`. */
function chainText({ name, reads = [] }: ExplainedInput): string {
  return `${name} reads ${reads.map((input) => input.name).join(', ')}`;
}
