/** The JSON of a dashboard as it stands in its file, as far as it is looked at. Types only: the page that draws it reads them too. */

export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly schemaVersion: number;
  readonly tags: readonly string[];
  readonly time: { readonly from: string; readonly to: string };
  readonly refresh: string;
  readonly panels: readonly PanelJson[];
  readonly templating: { readonly list: readonly VariableJson[] };
  readonly annotations: { readonly list: readonly AnnotationJson[] };
}

export interface DataSourceJson {
  readonly type: string;
  readonly uid: string;
}

export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: DataSourceJson;
  readonly targets?: readonly TargetJson[];
  readonly interval?: string;
  readonly maxDataPoints?: number;
  readonly timeFrom?: string;
  readonly fieldConfig?: {
    readonly defaults: FieldJson;
    readonly overrides: readonly OverrideJson[];
  };
  // biome-ignore lint/suspicious/noExplicitAny: options differ by kind of panel
  readonly options?: any;
  readonly transformations?: readonly { readonly id: string; readonly options: OrganizeJson }[];
}

export interface FieldJson {
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly noValue?: string;
  readonly thresholds?: {
    readonly steps: readonly { readonly value: number | null; readonly color: string }[];
  };
  readonly mappings?: readonly {
    readonly options: Readonly<Record<string, { text?: string; color?: string }>>;
  }[];
  // biome-ignore lint/suspicious/noExplicitAny: differs by kind of panel
  readonly custom?: any;
}

export interface OverrideJson {
  readonly matcher: { readonly id: string; readonly options: string };
  // biome-ignore lint/suspicious/noExplicitAny: any setting of a field
  readonly properties: readonly { readonly id: string; readonly value?: any }[];
}

export interface OrganizeJson {
  readonly excludeByName: Readonly<Record<string, boolean>>;
  readonly indexByName: Readonly<Record<string, number>>;
  readonly renameByName: Readonly<Record<string, string>>;
}

export interface TargetJson {
  readonly refId: string;
  readonly datasource: DataSourceJson;
  readonly rawQuery: boolean;
  readonly query: string;
  readonly resultFormat?: 'time_series' | 'table';
  readonly alias?: string;
}

export interface VariableJson {
  readonly name: string;
  readonly label?: string;
  readonly type: string;
  readonly query: string;
  readonly datasource?: DataSourceJson;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
}

export interface AnnotationJson {
  readonly name: string;
  readonly iconColor: string;
  readonly enable: boolean;
  readonly datasource: DataSourceJson;
  readonly target: TargetJson & { readonly textColumn: string; readonly tagsColumn: string };
}
