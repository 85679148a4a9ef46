/**
 * A dashboard from its sections: lines of panels that fill the width, from top to bottom.
 *
 * Invariants: no two panels overlap and each line is full, because places are computed here; numbers of panels count from 1 in
 * reading order, so an edit of one changes no other; all dashboards have the tag `headgate` and link to each other by it.
 */

import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type { Placeable } from './panels.ts';

/** Units of Grafana's grid. */
const gridWidth = 24;

export const tag = 'headgate';

export interface Line {
  readonly height: number;
  /** Their widths, 24 in all. */
  readonly panels: readonly (readonly [width: number, panel: Placeable])[];
}

export interface Section {
  /** Without one the panels stand at the top, under no heading. */
  readonly title?: string;
  readonly lines: readonly Line[];
}

export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly VariableBuilder[];
  readonly annotations: readonly dashboard.AnnotationQueryBuilder[];
  readonly sections: readonly Section[];
  /** How far back it shows at first: `6h`. */
  readonly back: string;
  readonly refresh: string;
}

type VariableBuilder = dashboard.QueryVariableBuilder | dashboard.DatasourceVariableBuilder;

/** The dashboard as Grafana reads it. Throws when a line is not full. */
export function dashboardOf(board: Board): dashboard.Dashboard {
  const { uid, title, description, variables, annotations, sections, back, refresh } = board;
  const builder = new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([tag])
    .timezone('browser')
    .editable()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .time({ from: `now-${back}`, to: 'now' })
    .refresh(refresh)
    .variables([...variables])
    .annotations([...annotations])
    .links([siblings()]);
  let y = 0;
  let id = 1;
  for (const section of sections) {
    if (section.title !== undefined) {
      builder.withRow(
        new dashboard.RowBuilder(section.title).id(id++).gridPos({ x: 0, y, w: gridWidth, h: 1 }),
      );
      y += 1;
    }
    for (const line of section.lines) {
      for (const { panel, x, w } of placed(line, title)) {
        panel.id(id++);
        panel.gridPos({ x, y, w, h: line.height });
        builder.withPanel(panel);
      }
      y += line.height;
    }
  }
  return builder.build();
}

function placed({ panels }: Line, title: string) {
  let x = 0;
  const places = panels.map(([w, panel]) => {
    const place = { panel, x, w };
    x += w;
    return place;
  });
  if (x !== gridWidth) throw new Error(`${title}: a line of panels is ${x} wide, not ${gridWidth}`);
  return places;
}

/** The other dashboards, by name, with what is chosen and the time. */
function siblings(): dashboard.DashboardLinkBuilder {
  return new dashboard.DashboardLinkBuilder('Headgate')
    .type(dashboard.DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(false)
    .includeVars(true)
    .keepTime(true);
}
