import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { junitXml } from './junit.ts';

function xmlOf(name: string, lines: readonly string[] = []): string {
  const failures = [{ line: 7, title: name, lines }];
  return junitXml([
    {
      file: 'rules/a.test.yaml',
      tests: [
        { name: 'passes', line: 3, failures: [], notes: [], elapsedMs: 2 },
        { name, line: 5, failures, notes: [], elapsedMs: 20 },
      ],
    },
  ]);
}

test('a report as build servers read it', () => {
  assert.equal(
    xmlOf('load < 80 & "full"', ['- ok', '+ firing']),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="headgate test" tests="2" failures="1" errors="0" skipped="0" time="0.022">
  <testsuite name="rules/a.test.yaml" tests="2" failures="1" errors="0" skipped="0" time="0.022">
    <testcase name="passes" classname="rules/a.test.yaml" file="rules/a.test.yaml" line="3" time="0.002"/>
    <testcase name="load &lt; 80 &amp; &quot;full&quot;" classname="rules/a.test.yaml" file="rules/a.test.yaml" line="5" time="0.020">
      <failure type="expectation" message="load &lt; 80 &amp; &quot;full&quot;">rules/a.test.yaml:7 load &lt; 80 &amp; &quot;full&quot;
  - ok
  + firing</failure>
    </testcase>
  </testsuite>
</testsuites>
`,
  );
});

test('whatever a name holds, the document has only characters and entities of XML', () => {
  const units = fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  });
  fc.assert(
    fc.property(units, (name) => {
      const xml = xmlOf(name, [name]);
      assert.doesNotMatch(xml, /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u);
      assert.ok(xml.isWellFormed());
      const withoutMarkup = xml.replace(/<[^<>]*>/g, '').replace(/&(amp|lt|gt|quot|#9|#10|#13);/g, '');
      assert.doesNotMatch(withoutMarkup, /[<>&]/);
    }),
  );
});
