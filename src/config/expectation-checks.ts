/**
 * Expectations of a test against the rule they are about: its alerts, fields and key, and whether any feed can meet them.
 */

import type { KeyPath } from './located.ts';
import { devicesOf, fieldsOf, keyOf } from './rule-sources.ts';
import type { RuleConfig } from './schema.ts';
import { show } from './shapes.ts';
import { didYouMean, listOf, type Report, type TestContext, tagsOf } from './test-context.ts';
import type { Expectation, Feed } from './test-schema.ts';

export interface FedContext extends TestContext {
  /** Of the test; undefined when there is a mistake in them: they cannot be judged then. */
  readonly feeds: readonly Feed[] | undefined;
}

/** An expectation against the rules of its file and the feeds of its test. */
export function checkExpectation(expected: Expectation, keyPath: KeyPath, context: FedContext): void {
  const { rules, hasBrokenRules, report } = context;
  const [key, name] = 'alert' in expected ? ['alert', expected.alert] : ['point', expected.point];
  const rule = rules.get(name);
  if (!rule) {
    const known = [...rules.keys()];
    if (hasBrokenRules) return;
    const remedy = didYouMean(name, known, listOf('rules of the file', known));
    report.at([...keyPath, key], `unknown rule ${show(name)}`, remedy);
    return;
  }
  if ('alert' in expected) {
    checkAlert(rule, expected.severity, keyPath, report);
  } else {
    checkPoint(rule, expected.fields, keyPath, context);
  }
  checkKeyTags(expected, rule, keyPath, context);
}

function checkAlert(rule: RuleConfig, severity: string | undefined, keyPath: KeyPath, report: Report): void {
  const own = [...rule.alert.map((one) => one.severity), ...(rule.silent ? [rule.silent.severity] : [])];
  if (own.length === 0) {
    report.at(
      [...keyPath, 'alert'],
      `rule ${show(rule.name)} has no alert`,
      'add one to the rule, or expect a `point`',
    );
  } else if (severity !== undefined && !own.some((one) => one === severity)) {
    const message = `rule ${show(rule.name)} has no alert of severity ${severity}`;
    report.at([...keyPath, 'severity'], message, listOf('its severities', [...new Set(own)]));
  }
}

function checkPoint(
  rule: RuleConfig,
  fields: Readonly<Record<string, unknown>> | 'none',
  keyPath: KeyPath,
  { sources, report }: TestContext,
): void {
  if (rule.forward === false) {
    const message = `rule ${show(rule.name)} gives no points`;
    report.at([...keyPath, 'point'], message, 'it has `forward: false`: expect an `alert`, or forward');
    return;
  }
  const known = fieldsOf(rule, sources);
  if (fields === 'none' || known === undefined) return;
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue;
    const remedy = didYouMean(name, known, listOf('its fields', known));
    report.atKey([...keyPath, 'fields', name], `points of ${rule.name} have no field ${show(name)}`, remedy);
  }
}

/** Tags must be of the rule's key, and some feed must have them: else the expectation says nothing. */
function checkKeyTags(expected: Expectation, rule: RuleConfig, keyPath: KeyPath, context: FedContext): void {
  const { devices, sources, report, feeds } = context;
  const own = keyOf(rule, sources);
  const read = devicesOf(rule, sources);
  if (own === undefined || read === undefined) return;
  const key = [...own, ...('point' in expected ? pointTags : [])];
  const strange = Object.keys(expected.tags).find((name) => !key.includes(name));
  if (strange !== undefined) {
    const message = `${show(strange)} is no tag of the key of rule ${show(rule.name)}`;
    const remedy = didYouMean(strange, key, listOf('tags of its key', key));
    report.atKey([...keyPath, 'tags', strange], message, remedy);
  } else if (feeds) {
    const reaching = feeds.filter(({ device }) => read.includes(device));
    const fed = reaching.map((feed) => tagsOf(feed, devices.get(feed.device)!));
    checkFed(expected, fed, keyPath, report);
  }
}

/** Tags that every point has. */
const pointTags = ['gateway'];

/** Some feed must have all of the tags; `fed` are the tags of those that the rule reads. */
function checkFed(
  { tags }: Expectation,
  fed: readonly ReadonlyMap<string, string>[],
  keyPath: KeyPath,
  report: Report,
): void {
  const wanted = Object.entries(tags).filter(([name]) => !pointTags.includes(name));
  if (fed.some((own) => wanted.every(([name, value]) => own.get(name) === value))) return;
  const valuesOf = (name: string): string[] => [...new Set(fed.map((own) => own.get(name) ?? ''))];
  const [name, value] = wanted.find((one) => !valuesOf(one[0]).includes(one[1])) ?? [];
  if (fed.length === 0) {
    report.at([...keyPath, 'at'], 'no feed is of a device that the rule reads', 'add one');
  } else if (name === undefined || value === undefined) {
    report.at(
      [...keyPath, 'tags'],
      'no feed has all of these tags',
      'they are of several feeds: expect each by itself',
    );
  } else {
    const remedy = didYouMean(value, valuesOf(name), listOf('values in the feeds', valuesOf(name)));
    report.at([...keyPath, 'tags', name], `no feed has ${show(value)} as \`${name}\``, remedy);
  }
}
