/**
 * The kinds of panels the dashboards are made of, each with the look it has everywhere.
 *
 * Invariant: whoever makes a panel says its title, what it shows and its unit; the rest has one default for all dashboards.
 * Not here: where a panel stands (board.ts), tables (tables.ts).
 */

import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { dataSource, lettered, type TargetOf } from './target.ts';

/** A colour that begins at a value; the first begins at null: everywhere below the second. */
export type Step = readonly [from: number | null, colour: string];

export interface About {
  readonly title: string;
  /** One sentence or two for whoever hovers over the (i): what it is, from which measurement, what to do about it. */
  readonly description: string;
  readonly unit: string;
  readonly targets: readonly TargetOf[];
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly steps?: readonly Step[];
  /** No bucket of time is shorter: as often as there are points. */
  readonly every?: string;
  /** At most so many buckets, for what comes in bursts. */
  readonly buckets?: number;
  /** What stands there when the query gives nothing. */
  readonly empty?: string;
  readonly links?: readonly DataLink[];
}

export interface DataLink {
  readonly title: string;
  readonly url: string;
}

/** A panel that can be placed. */
export interface Placeable extends Builder<dashboard.Panel> {
  id(id: number): unknown;
  gridPos(place: dashboard.GridPos): unknown;
}

interface Described extends Placeable {
  title(title: string): this;
  description(text: string): this;
  datasource(ref: common.DataSourceRef): this;
  unit(unit: string): this;
  targets(targets: ReturnType<typeof lettered>): this;
  thresholds(thresholds: Builder<dashboard.ThresholdsConfig>): this;
  decimals(decimals: number): this;
  min(min: number): this;
  max(max: number): this;
  interval(interval: string): this;
  maxDataPoints(most: number): this;
  noValue(text: string): this;
  dataLinks(links: Builder<dashboard.DashboardLink>[]): this;
}

const calm = 'green';

/** What all kinds have in common. */
export function described<P extends Described>(panel: P, about: About): P {
  const { title, description, unit, targets, decimals, min, max, steps, every, buckets, empty, links } =
    about;
  panel.title(title).description(description).datasource(dataSource).unit(unit).targets(lettered(targets));
  panel.thresholds(thresholds(steps ?? [[null, calm]]));
  panel.noValue(empty ?? 'no data');
  if (decimals !== undefined) panel.decimals(decimals);
  if (min !== undefined) panel.min(min);
  if (max !== undefined) panel.max(max);
  if (every !== undefined) panel.interval(every);
  if (buckets !== undefined) panel.maxDataPoints(buckets);
  if (links !== undefined) panel.dataLinks(links.map(dataLink));
  return panel;
}

export function thresholds(steps: readonly Step[]): Builder<dashboard.ThresholdsConfig> {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]) => ({ value, color })));
}

/** A link of a value has a title and an address; the SDK's builder is that of dashboards and adds what does not belong here. */
function dataLink(link: DataLink): Builder<dashboard.DashboardLink> {
  return { build: () => link as dashboard.DashboardLink };
}

export interface Lines extends About {
  /** Beside the lines with its last and highest value, or below it with names only. */
  readonly legend?: 'table' | 'names' | 'none';
  /** Lines at the thresholds, or the range between them coloured as well. */
  readonly limits?: 'line' | 'area';
  readonly stacked?: boolean;
  readonly filled?: number;
  /** The longest gap that is bridged, in ms; a longer one is silence and stays a gap. */
  readonly bridgeMs?: number;
  readonly overrides?: readonly Override[];
}

/** What differs for the series of one name, or whose names match `/a pattern/`. */
export interface Override {
  readonly series: string;
  readonly colour?: string;
  readonly unit?: string;
  readonly dashed?: boolean;
  readonly right?: boolean;
}

/** Lines over time. */
export function lines(about: Lines): timeseries.PanelBuilder {
  const {
    legend = 'names',
    limits,
    stacked = false,
    filled = stacked ? 30 : 0,
    bridgeMs,
    overrides = [],
  } = about;
  const panel = described(new timeseries.PanelBuilder(), about)
    .lineWidth(1)
    .fillOpacity(filled)
    .gradientMode(common.GraphGradientMode.None)
    .showPoints(common.VisibilityMode.Never)
    .spanNulls(bridgeMs ?? false)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.PaletteClassicByName))
    .legend(legendOf(legend))
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (limits !== undefined) panel.thresholdsStyle(limitStyle(limits));
  if (stacked) panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));
  for (const one of overrides) {
    const { series } = one;
    if (series.startsWith('/')) panel.overrideByRegexp(series, propertiesOf(one));
    else panel.overrideByName(series, propertiesOf(one));
  }
  return panel;
}

function legendOf(kind: 'table' | 'names' | 'none'): Builder<common.VizLegendOptions> {
  const legend = new common.VizLegendOptionsBuilder().showLegend(kind !== 'none');
  if (kind !== 'table')
    return legend.displayMode(common.LegendDisplayMode.List).placement(common.LegendPlacement.Bottom);
  return legend
    .displayMode(common.LegendDisplayMode.Table)
    .placement(common.LegendPlacement.Right)
    .calcs(['lastNotNull', 'max'])
    .sortBy('Max')
    .sortDesc(true);
}

function limitStyle(limits: 'line' | 'area'): Builder<common.GraphThresholdsStyleConfig> {
  const { Dashed, DashedAndArea } = common.GraphThresholdsStyleMode;
  return new common.GraphThresholdsStyleConfigBuilder().mode(limits === 'line' ? Dashed : DashedAndArea);
}

function propertiesOf({ colour, unit, dashed, right }: Override): dashboard.DynamicConfigValue[] {
  return [
    ...(colour === undefined ? [] : [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }]),
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(dashed === true ? [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 4] } }] : []),
    ...(right === true ? [{ id: 'custom.axisPlacement', value: 'right' }] : []),
  ];
}

export interface Number extends About {
  /** How the values of a series become one; the last one that is there. */
  readonly calc?: 'lastNotNull' | 'max' | 'sum';
  /** The course of the value, drawn behind it. */
  readonly course?: boolean;
  /** The whole panel takes the colour: for what must be seen from across the room. */
  readonly loud?: boolean;
  /** Looks at so long only, up to the end of what the dashboard shows: what is now. */
  readonly lately?: string;
  /** Shown for the number, as it is: 0 is "none". */
  readonly words?: Readonly<Record<string, { readonly text: string; readonly color?: string }>>;
  /** The value is a text, of the series of this name. */
  readonly text?: string;
}

/** A number, large. */
export function number(about: Number): stat.PanelBuilder {
  const { calc = 'lastNotNull', course = false, loud = false, lately, words, text } = about;
  const { Area, None } = common.BigValueGraphMode;
  const { Background, Value } = common.BigValueColorMode;
  const panel = described(new stat.PanelBuilder(), about)
    .reduceOptions(
      new common.ReduceDataOptionsBuilder()
        .calcs([calc])
        .fields(text === undefined ? '' : `/^${text}$/`)
        .values(false),
    )
    .graphMode(course ? Area : None)
    .colorMode(loud ? Background : Value)
    .textMode(common.BigValueTextMode.Value)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds));
  if (lately !== undefined) panel.timeFrom(lately).hideTimeOverride(true);
  if (words !== undefined) panel.mappings([{ type: dashboard.MappingType.ValueToText, options: words }]);
  return panel;
}

/** A bar for each series with its last value: who has most of it now. */
export function bars(about: About & { readonly lately?: string }): bargauge.PanelBuilder {
  const panel = described(new bargauge.PanelBuilder(), about)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .valueMode(common.BarGaugeValueMode.Color)
    .namePlacement(common.BarGaugeNamePlacement.Left)
    .showUnfilled(true)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds));
  if (about.lately !== undefined) panel.timeFrom(about.lately).hideTimeOverride(true);
  return panel;
}

export interface States extends About {
  /** What the numbers mean; without it the thresholds' colours say it. */
  readonly states?: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
  readonly bridgeMs?: number;
}

/** A strip for each series that has the colour of its state at each time. */
export function strips(about: States): statetimeline.PanelBuilder {
  const { states, bridgeMs } = about;
  const panel = described(new statetimeline.PanelBuilder(), about)
    .showValue(common.VisibilityMode.Never)
    .mergeValues(true)
    .rowHeight(0.8)
    .fillOpacity(85)
    .lineWidth(0)
    .spanNulls(bridgeMs ?? false)
    .legend(legendOf('names'))
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Single))
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds));
  if (states !== undefined) panel.mappings([{ type: dashboard.MappingType.ValueToText, options: states }]);
  return panel;
}
