/** `npm run dashboards`: writes grafana/dashboards/*.json from the code beside; nothing else may stand there. */

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dashboardFiles, jsonOf } from './dashboards/index.ts';

const folder = new URL('../dashboards/', import.meta.url);
const files = dashboardFiles();
for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(new URL(name, folder));
for (const [name, dashboard] of files) {
  writeFileSync(new URL(name, folder), jsonOf(dashboard));
  process.stdout.write(`grafana/dashboards/${name}\n`);
}
