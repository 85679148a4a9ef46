/**
 * InfluxQL as typed data: what a panel asks, made to the text that Grafana sends.
 *
 * Invariants: names and texts are always quoted; every selection is bounded by the dashboard's time (`$timeFilter`), at each
 * level, so no query reads more than is shown, and none asks the server for its own now(). A dashboard's variable is a whole value
 * of a tag, escaped for the regular expression it stands in: `=~ /^${vehicle:regex}$/`.
 * Not here: how an answer is drawn (panels.ts).
 */

/** What a column is computed from. */
export interface Expression {
  readonly text: string;
}

/** What a point must meet, beside the time. */
export interface Condition {
  readonly text: string;
}

/** How wide a bucket of time is: as many as the panel has room for, or always so much. */
export type Every = '$__interval' | `${number}${'s' | 'm' | 'h'}`;

export type Fill = 'none' | 'null' | 'previous' | 0;

export interface Selection {
  /** By name. A field or tag under its own name needs no expression: `{ line: field('line') }`. */
  readonly columns: Readonly<Record<string, Expression>>;
  /** A measurement, or what other selections give. */
  readonly from: string | readonly Selection[];
  readonly where?: readonly Condition[];
  /** Tags; a series for each combination. */
  readonly by?: readonly string[];
  readonly every?: Every;
  /** What a bucket without points has; only with `every`. */
  readonly fill?: Fill;
  /** The newest so many rows, newest first. */
  readonly newest?: number;
}

export const timeFilter = '$timeFilter';

export type Aggregate = 'last' | 'max' | 'min' | 'count' | 'mean' | 'sum' | 'spread';

/** An aggregate of a field: `of('last', 'share')`. */
export function of(aggregate: Aggregate, name: string): Expression {
  return { text: `${aggregate}(${identifier(name)})` };
}

/** The field or tag itself; beside one selector (`last`) it is that of the point selected. */
export function field(name: string): Expression {
  return { text: identifier(name) };
}

/** What a counter grew by in a second, from the last value of each bucket; a counter that began anew gives nothing. */
export function perSecond(name: string): Expression {
  return { text: `non_negative_derivative(last(${identifier(name)}), 1s)` };
}

/** What a counter grew by from bucket to bucket. */
export function growth(name: string): Expression {
  return { text: `non_negative_difference(last(${identifier(name)}))` };
}

export function times(expression: Expression, factor: number): Expression {
  return { text: `${expression.text} * ${factor}` };
}

/** The tag is one of the values chosen for the dashboard's variable. */
export function chosen(tag: string, variable: string = tag): Condition {
  if (!/^\w+$/.test(variable)) throw new Error(`${variable}: a variable's name is letters, digits and _`);
  return { text: `${identifier(tag)} =~ /^\${${variable}:regex}$/` };
}

/** The tag is one of these texts. */
export function isOneOf(tag: string, values: readonly string[]): Condition {
  const tests = values.map((value) => `${identifier(tag)} = ${literal(value)}`);
  return { text: tests.length === 1 ? tests[0]! : `(${tests.join(' OR ')})` };
}

/** A field over time, in buckets as wide as the panel has room for; a series for each of `by`. */
export function overTime(
  aggregate: Aggregate,
  name: string,
  whose: Pick<Selection, 'from' | 'where' | 'by'>,
): Selection {
  return { ...whose, columns: { [name]: of(aggregate, name) }, every: '$__interval', fill: 'null' };
}

/** The text of a selection. Throws where it says something that InfluxQL has no meaning for. */
export function textOf(selection: Selection): string {
  const { columns, from, where = [], by = [], every, fill, newest } = selection;
  if (fill !== undefined && every === undefined) throw new Error('fill without buckets of time');
  const wanted = Object.entries(columns).map(([name, { text }]) =>
    text === identifier(name) ? text : `${text} AS ${identifier(name)}`,
  );
  const source =
    typeof from === 'string' ? identifier(from) : from.map((one) => `(${textOf(one)})`).join(', ');
  const groups = [...(every === undefined ? [] : [`time(${every})`]), ...by.map(identifier)];
  return [
    `SELECT ${wanted.join(', ')}`,
    `FROM ${source}`,
    `WHERE ${[{ text: timeFilter }, ...where].map(({ text }) => text).join(' AND ')}`,
    ...(groups.length === 0 ? [] : [`GROUP BY ${groups.join(', ')}`]),
    ...(fill === undefined ? [] : [`fill(${fill})`]),
    ...(newest === undefined ? [] : [`ORDER BY time DESC LIMIT ${newest}`]),
  ].join(' ');
}

/** The values a tag has in a measurement: what a variable offers. */
export function tagValues(tag: string, measurement: string, where: readonly Condition[] = []): string {
  const conditions = where.length === 0 ? '' : ` WHERE ${where.map(({ text }) => text).join(' AND ')}`;
  return `SHOW TAG VALUES FROM ${identifier(measurement)} WITH KEY = ${identifier(tag)}${conditions}`;
}

/** A name in double quotes. */
export function identifier(name: string): string {
  return `"${escaped(name, '"')}"`;
}

/** A text in single quotes. */
export function literal(text: string): string {
  return `'${escaped(text, "'")}'`;
}

function escaped(text: string, quote: string): string {
  // Grafana would take it for a variable of its own, InfluxQL has no escape for a line's end.
  if (/[$\n\r]|\[\[/.test(text))
    throw new Error(`${JSON.stringify(text)} cannot stand in a query of Grafana`);
  return text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
}
