/**
 * A line that line-protocol.ts made, taken apart. Only such lines: a backslash before a comma, an equals sign or a space is
 * always an escape there, and times are whole nanoseconds.
 *
 * Pure. Not here: lines that others wrote.
 */

export interface ParsedLine {
  /** Measurement and tags, as in the line. */
  readonly series: string;
  /** Names and values, as in the line. */
  readonly fields: ReadonlyMap<string, string>;
  /** As in the line. */
  readonly time: string;
}

/** Undefined for something else. */
export function parseLine(line: string): ParsedLine | undefined {
  const seriesEnd = endOf(line, 0, ' ');
  const fieldsEnd = line.lastIndexOf(' ');
  if (seriesEnd < 1 || fieldsEnd <= seriesEnd) return undefined;
  const fields = new Map<string, string>();
  for (let at = seriesEnd + 1; at < fieldsEnd; ) {
    const keyEnd = endOf(line, at, '=');
    if (keyEnd < 0) return undefined;
    const valueEnd =
      line[keyEnd + 1] === '"' ? endOfString(line, keyEnd + 1) : endOfValue(line, keyEnd + 1, fieldsEnd);
    fields.set(line.slice(at, keyEnd), line.slice(keyEnd + 1, valueEnd));
    at = valueEnd + 1;
  }
  return { series: line.slice(0, seriesEnd), fields, time: line.slice(fieldsEnd + 1) };
}

/** The first one from `from` on without a backslash before it. */
function endOf(line: string, from: number, delimiter: string): number {
  let at = line.indexOf(delimiter, from);
  while (line[at - 1] === '\\') at = line.indexOf(delimiter, at + 1);
  return at;
}

/** After the quote that ends the text begun at `from`. */
function endOfString(line: string, from: number): number {
  for (let at = from + 1; at < line.length; at++) {
    if (line[at] === '\\') at += 1;
    else if (line[at] === '"') return at + 1;
  }
  return line.length;
}

function endOfValue(line: string, from: number, fieldsEnd: number): number {
  const comma = line.indexOf(',', from);
  return comma < 0 || comma > fieldsEnd ? fieldsEnd : comma;
}
