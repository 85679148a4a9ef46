/** Types of the files users write, as validated: durations in ms, sizes in bytes, defaults filled in. Those of rule tests: test-schema.ts. */

import type { Severity, ValueType } from '../core/types.ts';

export type FileKind = 'gateway' | 'device' | 'rules' | 'test' | 'users';

export interface GatewayConfig {
  readonly gateway: string;
  readonly batchMs: number;
  /** Absolute folders. */
  readonly data: string;
  readonly devices: string;
  readonly rules: string;
  readonly sources: Readonly<Record<string, SourceConfig>>;
  /** `alerts`: their changes go to InfluxDB too. */
  readonly forward: { readonly influx?: InfluxConfig; readonly alerts: boolean };
  /** How long the time of day is waited for. */
  readonly clock: { readonly waitMs: number };
  /** How often the gateway tells of itself, as points; 0: never. */
  readonly health: { readonly everyMs: number };
  /** Absent: they are not served. */
  readonly metrics?: { readonly listen: readonly Pick<Listen, 'port' | 'host'>[] };
  readonly notify: Readonly<Record<string, NotifierConfig>>;
  readonly limits: Limits;
}

export interface Limits {
  readonly journalBytes: number;
  readonly outboxBytes: number;
  readonly seriesPerRule: number;
  readonly packetBytes: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly connectTimeoutMs: number;
  /** Of one client of the broker. */
  readonly subscriptions: number;
  /** Sessions that the broker keeps. */
  readonly sessions: number;
}

export type SourceConfig =
  | { readonly broker: BrokerConfig & OverloadConfig }
  | { readonly mqtt: MqttConfig & OverloadConfig }
  | { readonly serial: SerialConfig & OverloadConfig };

/** Of every kind of source. */
export interface OverloadConfig {
  readonly overload: Overload;
}

/** What happens to frames while more arrives than can be processed. */
export type Overload = 'block' | 'shed';

export interface BrokerConfig {
  readonly listen: readonly Listen[];
  /** Of the users file, absolute. */
  readonly users?: string;
  readonly allowAnonymous: boolean;
}
export interface Listen {
  readonly port: number;
  readonly host: string;
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
}

export interface MqttConfig {
  readonly url: string;
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: string;
  /** Absolute; read when connecting, so a changed secret needs no restart. */
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Of the subscriptions; default 1. */
  readonly qos: 0 | 1 | 2;
}

export interface SerialConfig {
  readonly path: string;
  readonly baud: number;
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly stopBits: 1 | 1.5 | 2;
  readonly parity: 'none' | 'even' | 'odd' | 'mark' | 'space';
  readonly framing: Framing;
}
export type Framing = 'line' | 'slip' | 'cobs' | { readonly delimiter: string } | { readonly length: number };

export interface InfluxConfig {
  readonly url: string;
  /** Of 1.x, and of the endpoint that 2 and 3 have for its clients. */
  readonly database: string;
  readonly retentionPolicy?: string;
  /** When there is one: the endpoint of 2, which 3 has too, and no database. */
  readonly bucket?: string;
  readonly org?: string;
  readonly username?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly timeoutMs: number;
  /** Points a second at most while a backlog drains; new points are not limited. */
  readonly backlogPointsPerSecond: number;
}

export type NotifierConfig =
  | { readonly log: Readonly<Record<string, never>> }
  | { readonly webhook: WebhookConfig }
  | { readonly mqtt: MqttNotifierConfig };
export interface WebhookConfig {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}
export interface MqttNotifierConfig {
  readonly source: string;
  /** With `{severity}`, `{rule}`, `{state}`, `{id}` and key tags in braces. */
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

export interface DeviceProfile {
  readonly device: string;
  readonly description?: string;
  /** Absent: frames of every source (whose topic matches). */
  readonly source?: string;
  /** MQTT filter in which `{name}` is one level kept as a tag. Absent for serial devices. */
  readonly topic?: string;
  readonly codec: CodecConfig;
  /** Path to the array of rows in one payload. */
  readonly each?: string;
  readonly time?: { readonly path: string; readonly format: string; readonly zone: string };
  readonly tags: Readonly<Record<string, TagConfig>>;
  readonly fields: Readonly<Record<string, FieldConfig>>;
  readonly latenessMs: number;
  readonly maxAheadMs: number;
  readonly silentAfterMs?: number;
  readonly idleAfterMs: number;
  readonly duplicates: 'drop' | 'keep';
}

/** Written as a name, or as `{ name: options }`. */
export type CodecConfig =
  | { readonly name: 'json' }
  | {
      readonly name: 'csv';
      /** Absent: the first line of each payload names them. */
      readonly columns?: readonly string[];
      readonly delimiter: string;
    }
  | { readonly name: 'influx' }
  | { readonly name: 'value' };

export type TagConfig = { readonly path: string; readonly default?: string } | { readonly value: string };

export interface FieldConfig {
  /** Absent: the codec's default for the field's name. */
  readonly path?: string;
  /** `integer` is a number without a fraction; other values are set aside. */
  readonly type: 'number' | 'integer' | 'boolean' | 'string';
  readonly unit?: string;
  readonly scale: number;
  readonly offset: number;
  readonly range?: readonly [number, number];
  readonly outside: 'drop' | 'clamp' | 'keep';
}

export type WindowConfig = (
  | { readonly kind: 'time'; readonly lengthMs: number; readonly everyMs: number; readonly offsetMs: number }
  | ({ readonly kind: 'calendar' } & CronConfig)
  | { readonly kind: 'session'; readonly gapMs: number; readonly maxMs: number | undefined }
  | { readonly kind: 'count'; readonly size: number; readonly every: number }
) & {
  readonly emitMs: number | undefined;
  /** With `late: revise`. */
  readonly keepMs: number | undefined;
  readonly watermark: 'key' | 'global';
};

export interface CronConfig {
  readonly cron: string;
  readonly zone: string;
}

export interface RuleConfig {
  readonly name: string;
  readonly description?: string;
  readonly from: readonly string[];
  readonly where?: string;
  readonly let: Readonly<Record<string, string>>;
  readonly lookup: Readonly<Record<string, { readonly file: string; readonly key: string }>>;
  readonly by?: readonly string[];
  readonly window?: WindowConfig;
  readonly compute: Readonly<Record<string, string>>;
  readonly alert: readonly AlertConfig[];
  /** When the rule judges. */
  readonly active?: CronConfig;
  readonly silent?: {
    readonly severity: Severity;
    readonly message?: string;
    readonly notify: readonly string[];
    readonly repeatMs?: number | undefined;
  };
  readonly forward: boolean | { readonly onChange: number };
}

export interface AlertConfig {
  readonly severity: Severity;
  readonly when: string;
  readonly clear?: string;
  readonly forMs: number;
  readonly message?: string;
  readonly notify: readonly string[];
  readonly repeatMs?: number | undefined;
  readonly flapping?: FlappingConfig;
}

/** So many changes within so long a time. */
export interface FlappingConfig {
  readonly changes: number;
  readonly withinMs: number;
}

/** How a field's values are held in columns. */
export function valueTypeOf(type: FieldConfig['type']): ValueType {
  return type === 'integer' ? 'number' : type;
}
