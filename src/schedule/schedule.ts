/** Instants of a cron expression in a time zone, past and future: what calendar windows and active hours go by. */

export interface Schedule {
  readonly cron: string;
  readonly zone: string;
  /** The last instant of the schedule that is not after `ms`; -Infinity when there is none within the years it looks back. */
  previous(ms: number): number;
  /** The first instant after `ms`. */
  next(ms: number): number;
  /** Whether the minute of `ms` is one of the schedule's: whether the rule is active. */
  matches(ms: number): boolean;
}
