/**
 * Mistakes between test files, devices and rules: names that lead nowhere, values of the wrong type, expectations that
 * no reading can meet.
 *
 * Not here: what one test file alone can tell.
 */

import type { Diagnostic } from '../core/errors.ts';
import { checkExpectation } from './expectation-checks.ts';
import { mostReadings } from './feed.ts';
import { columnsOf } from './feed-columns.ts';
import type { LocatedTestFile } from './load-tests.ts';
import type { KeyPath, LocatedDevice, LocatedFile, LocatedRule } from './located.ts';
import { devicesOf } from './rule-sources.ts';
import type { DeviceProfile } from './schema.ts';
import { show } from './shapes.ts';
import { createReport, didYouMean, listOf, type Report, type TestContext, tagsOf } from './test-context.ts';
import { type Feed, feedKeys, type RuleTest } from './test-schema.ts';

/** What was loaded besides the tests. */
export interface Surroundings {
  readonly files: readonly LocatedFile[];
  readonly devices: readonly LocatedDevice[];
  /** Names of devices whose files have errors. */
  readonly brokenDevices: readonly string[];
  readonly rules: readonly LocatedRule[];
  readonly diagnostics: readonly Diagnostic[];
}

/** All mistakes of the tests; names of devices and rules that have mistakes themselves are not judged. */
export function checkTests(files: readonly LocatedTestFile[], surroundings: Surroundings): Diagnostic[] {
  return files.flatMap((test) => checkFile(test, surroundings));
}

function checkFile({ file, content, rulesPath }: LocatedTestFile, surroundings: Surroundings): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const ruleFile = surroundings.files.find(({ path }) => path === rulesPath);
  const rules = surroundings.rules.filter((rule) => rule.file.path === rulesPath);
  const devices = new Map(surroundings.devices.map(({ device }) => [device.device, device]));
  const allRules = new Map(surroundings.rules.map(({ rule }) => [rule.name, rule]));
  const context: TestContext = {
    devices,
    sources: { devices, rules: allRules },
    brokenDevices: surroundings.brokenDevices,
    rules: new Map(rules.map(({ rule }) => [rule.name, rule])),
    hasBrokenRules: !ruleFile || surroundings.diagnostics.some((one) => isErrorOf(ruleFile, one)),
    report: createReport(file, diagnostics),
  };
  if (rulesPath !== undefined && !ruleFile) {
    context.report.at(
      ['rules'],
      `${show(content.rules)} is no rule file`,
      'name the file that has the rules',
    );
  }
  for (const [i, test] of content.tests.entries()) checkTest(test, ['tests', i], context);
  return diagnostics;
}

function isErrorOf(file: LocatedFile, diagnostic: Diagnostic): boolean {
  return diagnostic.severity === 'error' && diagnostic.file === file.file;
}

function checkTest(test: RuleTest, keyPath: KeyPath, context: TestContext): void {
  const before = context.report.errors();
  let readings = 0;
  for (const [i, feed] of test.feed.entries()) readings += checkFeed(feed, [...keyPath, 'feed', i], context);
  if (readings > mostReadings) {
    const message = `${readings} readings are more than ${mostReadings}`;
    context.report.atKey([...keyPath, 'feed'], message, 'write shorter feeds, or several tests');
  }
  // A feed with a mistake may be the one that an expectation is about.
  const feeds = context.report.errors() === before ? test.feed : undefined;
  for (const [i, expectation] of test.expect.entries()) {
    checkExpectation(expectation, [...keyPath, 'expect', i], { ...context, feeds });
  }
}

/** Gives the number of readings. */
function checkFeed(feed: Feed, keyPath: KeyPath, context: TestContext): number {
  const { devices, brokenDevices, report } = context;
  const profile = devices.get(feed.device);
  if (!profile) {
    if (brokenDevices.includes(feed.device)) return 0;
    const known = [...devices.keys(), ...brokenDevices];
    const remedy = didYouMean(feed.device, known, listOf('devices', known));
    report.at([...keyPath, 'device'], `unknown device ${show(feed.device)}`, remedy);
    return 0;
  }
  checkReaders(feed, keyPath, context);
  checkTags(feed, profile, keyPath, report);
  checkFields(feed, profile, keyPath, report);
  const { readings, problems } = columnsOf(feed, profile);
  for (const one of problems) {
    report.span([...keyPath, ...one.keyPath], one.start, one.end, one.message, one.remedy);
  }
  if (feed.afterMs + readings * feed.everyMs > longestTestMs) {
    report.at(keyPath, 'this feed goes on for more than 1000d', 'make it, or its `every`, shorter');
  }
  return readings;
}

const longestTestMs = 1000 * 86_400_000;

function checkReaders(
  { device }: Feed,
  keyPath: KeyPath,
  { rules, sources, hasBrokenRules, report }: TestContext,
): void {
  const devices = [...rules.values()].map((rule) => devicesOf(rule, sources));
  if (hasBrokenRules || devices.some((own) => own === undefined || own.includes(device))) return;
  const read = [...new Set(devices.flatMap((own) => own ?? []))];
  const message = `no rule of the file reads device ${show(device)}`;
  report.at([...keyPath, 'device'], message, listOf('devices that are read', read), 'warning');
}

function checkTags(feed: Feed, profile: DeviceProfile, keyPath: KeyPath, report: Report): void {
  const known = [...tagsOf({ tags: {} }, profile).keys()];
  for (const [name, value] of Object.entries(feed.tags)) {
    const path = [...keyPath, 'tags', name];
    const tag = Object.hasOwn(profile.tags, name) ? profile.tags[name] : undefined;
    if (!known.includes(name)) {
      const remedy = didYouMean(name, known, listOf('tags', known));
      report.atKey(path, `device ${feed.device} has no tag ${show(name)}`, remedy);
    } else if (tag && 'value' in tag && tag.value !== value) {
      report.at(
        path,
        `tag \`${name}\` of device ${feed.device} is always ${show(tag.value)}`,
        'remove the line',
      );
    }
  }
}

function checkFields(feed: Feed, profile: DeviceProfile, keyPath: KeyPath, report: Report): void {
  const known = Object.keys(profile.fields);
  for (const field of feed.fields) {
    if (known.includes(field.name)) continue;
    const remedy = didYouMean(field.name, [...known, ...feedKeys], listOf('fields', known));
    report.atKey(
      [...keyPath, ...field.keyPath],
      `unknown field ${show(field.name)} of device ${feed.device}`,
      remedy,
    );
  }
  if (feed.fields.length > 0) return;
  const example = known[0] ?? 'temperature';
  report.at(keyPath, 'this feed has no readings', `add values of a field: ${example}: 20x12`);
}
