/** The dashboards as files: what the code says, and what Grafana needs of them. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { dashboardFiles, jsonOf } from '../../grafana/src/dashboards/index.ts';
import type { DashboardJson, DataSourceJson, PanelJson, TargetJson } from './dashboard-json.ts';
import { dashboards, dashboardTexts } from './files.ts';

test('the files are those of the code', () => {
  const made = new Map([...dashboardFiles()].map(([name, dashboard]) => [name, jsonOf(dashboard)]));
  const isThere = dashboardTexts();
  assert.deepEqual([...isThere.keys()], [...made.keys()].toSorted(), 'run `npm run dashboards`');
  for (const [name, text] of made) {
    assert.ok(isThere.get(name) === text, `${name} is behind grafana/src: run \`npm run dashboards\``);
  }
});

test('each dashboard has an address of its own, one form, and a time it begins with', () => {
  const uids = dashboards().map(({ uid }) => uid);
  assert.equal(new Set(uids).size, uids.length);
  for (const { uid, title, description, schemaVersion, tags, time, refresh } of dashboards()) {
    assert.match(uid, /^headgate-[a-z-]{2,31}$/, 'Grafana takes 40 characters');
    assert.match(title, /^Headgate: /);
    assert.ok(description, title);
    assert.equal(schemaVersion, 42, title);
    assert.deepEqual(tags, ['headgate'], title);
    assert.match(`${time.from} ${time.to}`, /^now-\d+[hm] now$/, title);
    assert.match(refresh, /^\d+[sm]$/, title);
  }
});

/** Every reference to a data source, with where it stands. */
function dataSources(dashboard: DashboardJson): [place: string, source: DataSourceJson | undefined][] {
  const { title, panels, templating, annotations } = dashboard;
  return [
    ...shown(panels).flatMap((panel): [string, DataSourceJson | undefined][] => [
      [`${title}, ${panel.title}`, panel.datasource],
      ...targetsOf(panel).map((target): [string, DataSourceJson] => [
        `${title}, ${panel.title}`,
        target.datasource,
      ]),
    ]),
    ...templating.list
      .filter(({ type }) => type === 'query')
      .map(({ name, datasource }): [string, DataSourceJson | undefined] => [`${title}, ${name}`, datasource]),
    ...annotations.list.flatMap(({ name, datasource, target }): [string, DataSourceJson][] => [
      [`${title}, ${name}`, datasource],
      [`${title}, ${name}`, target.datasource],
    ]),
  ];
}

function shown(panels: readonly PanelJson[]): PanelJson[] {
  return panels.filter(({ type }) => type !== 'row');
}

function targetsOf({ targets = [] }: PanelJson): readonly TargetJson[] {
  return targets;
}

test('whatever asks, asks the data source that is chosen', () => {
  for (const dashboard of dashboards()) {
    assert.equal(dashboard.templating.list[0]?.name, 'datasource');
    for (const [place, source] of dataSources(dashboard)) {
      assert.deepEqual(source, { type: 'influxdb', uid: `\${datasource}` }, place);
    }
  }
});

test('each panel says what it is, in which unit, and what is missing when it is empty', () => {
  for (const { title, panels } of dashboards()) {
    const ids = panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, `${title}: numbers of panels`);
    const titles = panels.map((panel) => panel.title);
    assert.equal(new Set(titles).size, titles.length, `${title}: titles of panels`);
    for (const panel of shown(panels)) {
      const place = `${title}, ${panel.title}`;
      assert.ok((panel.description ?? '').length > 20, `${place}: description`);
      assert.ok(panel.fieldConfig?.defaults.unit, `${place}: unit`);
      assert.ok(panel.fieldConfig?.defaults.noValue, `${place}: text without data`);
      assert.ok(targetsOf(panel).length > 0, `${place}: targets`);
      const letters = targetsOf(panel).map(({ refId }) => refId);
      assert.equal(new Set(letters).size, letters.length, `${place}: letters`);
    }
  }
});

test('panels fill the grid and none lies over another', () => {
  for (const { title, panels } of dashboards()) {
    const taken = new Map<string, string>();
    for (const { title: name, gridPos } of panels) {
      const { x, y, w, h } = gridPos;
      assert.ok(x >= 0 && w > 0 && x + w <= 24 && h > 0, `${title}, ${name}: ${JSON.stringify(gridPos)}`);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          const cell = `${column},${line}`;
          assert.ok(!taken.has(cell), `${title}: ${name} lies over ${taken.get(cell)}`);
          taken.set(cell, name);
        }
      }
    }
    const height = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
    assert.equal(taken.size, 24 * height, `${title}: no hole`);
  }
});

test('each query stays within the time shown, and takes what is chosen only through a pattern', () => {
  for (const { title, panels, annotations, templating } of dashboards()) {
    const names = templating.list.map(({ name }) => name);
    const asked = [...shown(panels).flatMap(targetsOf), ...annotations.list.map(({ target }) => target)];
    for (const { query, rawQuery } of asked) {
      assert.equal(rawQuery, true, query);
      const selects = query.match(/SELECT /g)!.length;
      assert.equal(query.match(/\$timeFilter/g)?.length, selects, `${title}: ${query}`);
      assert.doesNotMatch(query, /now\(\)/, `${title}: ${query}`);
      const used = [...query.matchAll(/\$\{?(\w+)(:regex)?/g)].map((match) => [match[1]!, match[2]] as const);
      for (const [name, format] of used.filter(([one]) => one !== 'timeFilter' && one !== '__interval')) {
        assert.ok(names.includes(name), `${title}: no variable ${name}: ${query}`);
        assert.equal(format, ':regex', `${title}: ${query}`);
      }
    }
  }
});

test('a link leads to a dashboard that is there, and takes the data source and the time along', () => {
  const uids = dashboards().map(({ uid }) => uid);
  const links = [...dashboardTexts().values()].flatMap((text) => text.match(/"url": "[^"]*"/g) ?? []);
  assert.ok(links.length > 0);
  for (const link of links) {
    const uid = /"\/d\/([\w-]+)\?/.exec(link)?.[1];
    assert.ok(uid !== undefined && uids.includes(uid), link);
    assert.match(link, /var-datasource=\$\{datasource\}.*\$\{__url_time_range\}/);
  }
});

test('Grafana is told of the data source and the dashboards', () => {
  const read = (name: string) =>
    parse(readFileSync(new URL(`../../grafana/provisioning/${name}`, import.meta.url), 'utf8'));
  const [source] = read('datasources/headgate.yaml').datasources;
  assert.equal(source.type, 'influxdb');
  assert.equal(source.jsonData.version, undefined, 'InfluxQL');
  assert.deepEqual(
    [source.url, source.user, source.jsonData.dbName, source.secureJsonData.password],
    ['$INFLUX_URL', '$INFLUX_USER', '$INFLUX_DATABASE', '$INFLUX_PASSWORD'],
  );
  const [provider] = read('dashboards/headgate.yaml').providers;
  assert.equal(provider.type, 'file');
  assert.equal(provider.options.path, '/etc/grafana/dashboards/headgate');
});
