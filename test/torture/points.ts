/**
 * The points at which a gateway is killed: between any two steps of what must survive it.
 *
 * A point is reached when its steps have been seen in order: the process ends before the last one, or behind it.
 * Every run must reach every point; one that no code passes any more is a mistake of this table.
 */

import type { DiskStep } from '../peers/disk-hook.ts';

/** A gateway that dies at a point says so first. */
export const reachedWord = 'killed at: ';

/** What a gateway does that can be seen from a module loaded before its own. */
export type Seen = DiskStep | 'signal' | 'request' | 'answer' | 'alert' | 'alertAnswer';

export interface Step {
  readonly seen: Seen;
  /** Of the file's path below the data folder, or the request's. */
  readonly at: RegExp;
}

/** What must happen for the point to be reached, beside the usual load; `start`: only what the life before left. */
export type Need = 'load' | 'bulk' | 'pads' | 'reload' | 'settings' | 'start';

export interface Point {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Behind the last step, not before it. */
  readonly behind?: true;
  readonly need: Need;
  /** Where the life before ends: what this one comes by at its start is due to that. */
  readonly follows?: string;
}

const step = (seen: Seen, at: RegExp): Step => ({ seen, at });
const journal = /^journal\/\d+\.log$/;
const points = /^outbox\/points\/\d+\.log$/;
const alerts = /^outbox\/alerts\/\d+\.log$/;
const health = /^outbox\/health\/\d+\.log$/;
const forwarded = /^outbox\/points\.position\.json\.tmp$/;
const told = /^outbox\/notifiers\.position\.json\.tmp$/;
const written = /^\/write/;
/** Frames arrive: it is not the recovery any more. */
const live = step('write', journal);

export const killPoints: readonly Point[] = [
  { name: 'journal: block not written', steps: [live, step('write', journal)], need: 'load' },
  { name: 'journal: block written, not synced', steps: [live, step('sync', journal)], need: 'load' },
  {
    name: 'journal: block synced, not acknowledged',
    steps: [live, step('sync', journal)],
    behind: true,
    need: 'load',
  },
  {
    name: 'journal: new segment there, its name not synced',
    steps: [live, step('open', journal), step('syncFolder', /^journal$/)],
    need: 'bulk',
  },
  {
    name: 'journal: new segment’s name synced, nothing written',
    steps: [live, step('open', journal), step('syncFolder', /^journal$/), step('write', journal)],
    need: 'bulk',
  },
  { name: 'recycling: old segment not renamed', steps: [step('rename', journal)], need: 'bulk' },
  {
    name: 'recycling: renamed, not synced',
    steps: [step('rename', journal), step('syncFolder', /^journal$/)],
    need: 'bulk',
  },
  {
    name: 'recycling: name synced, old records not written over',
    steps: [step('rename', journal), step('syncFolder', /^journal$/), step('write', journal)],
    need: 'bulk',
  },
  {
    name: 'recycling: first block written, not synced',
    steps: [step('rename', journal), step('write', journal), step('sync', journal)],
    need: 'bulk',
  },
  {
    name: 'recycling: first block synced',
    steps: [step('rename', journal), step('write', journal), step('sync', journal)],
    behind: true,
    need: 'bulk',
  },

  { name: 'checkpoint: last one not set aside', steps: [live, step('rename', /^checkpoint$/)], need: 'bulk' },
  {
    name: 'checkpoint: last one set aside',
    steps: [live, step('rename', /^checkpoint$/)],
    behind: true,
    need: 'bulk',
  },
  { name: 'checkpoint: written, not synced', steps: [live, step('sync', /^checkpoint\.tmp$/)], need: 'bulk' },
  {
    name: 'checkpoint: synced, not renamed',
    steps: [live, step('rename', /^checkpoint\.tmp$/)],
    need: 'bulk',
  },
  {
    name: 'checkpoint: renamed, not synced',
    steps: [live, step('rename', /^checkpoint\.tmp$/)],
    behind: true,
    need: 'bulk',
  },
  {
    name: 'checkpoint: on disk, journal not released',
    steps: [live, step('rename', /^checkpoint\.tmp$/), step('syncFolder', /^$/)],
    behind: true,
    need: 'bulk',
  },

  { name: 'outbox: points not written', steps: [live, step('write', points)], need: 'load' },
  { name: 'outbox: points written, not synced', steps: [live, step('sync', points)], need: 'load' },
  { name: 'outbox: points synced', steps: [live, step('sync', points)], behind: true, need: 'load' },
  { name: 'outbox: alerts not written', steps: [live, step('write', alerts)], need: 'load' },
  { name: 'outbox: alerts written, not synced', steps: [live, step('sync', alerts)], need: 'load' },
  { name: 'outbox: alerts synced', steps: [live, step('sync', alerts)], behind: true, need: 'load' },
  {
    name: 'outbox recycling: renamed, not synced',
    steps: [step('rename', points), step('syncFolder', /^outbox\/points$/)],
    need: 'pads',
  },
  {
    name: 'outbox recycling: first record written, not synced',
    steps: [step('rename', points), step('write', points), step('sync', points)],
    need: 'pads',
  },

  {
    name: 'recovery: end of the journal not synced',
    steps: [step('sync', journal)],
    need: 'start',
    follows: 'journal: block written, not synced',
  },
  {
    name: 'recovery: batch run again, its points not written',
    steps: [step('write', points)],
    need: 'start',
    follows: 'outbox: points not written',
  },
  {
    name: 'recovery: batch run again, its points written, not synced',
    steps: [step('write', points), step('sync', points)],
    need: 'start',
    follows: 'journal: block synced, not acknowledged',
  },
  {
    name: 'recovery: checkpoint written, not synced',
    steps: [step('sync', /^checkpoint\.tmp$/)],
    need: 'start',
    follows: 'outbox: points written, not synced',
  },
  {
    name: 'recovery: checkpoint renamed, not synced',
    steps: [step('rename', /^checkpoint\.tmp$/)],
    behind: true,
    need: 'start',
    follows: 'outbox: alerts written, not synced',
  },

  { name: 'health: look not written', steps: [step('write', health)], need: 'load' },
  { name: 'health: look written, not synced', steps: [step('sync', health)], need: 'load' },
  { name: 'start: counted, not renamed', steps: [step('rename', /^starts\.json\.tmp$/)], need: 'load' },

  { name: 'forward: before the request', steps: [live, step('request', written)], need: 'load' },
  { name: 'forward: accepted, answer not seen', steps: [live, step('answer', written)], need: 'load' },
  {
    name: 'forward: position not written',
    steps: [live, step('answer', written), step('write', forwarded)],
    need: 'load',
  },
  {
    name: 'forward: position written, not synced',
    steps: [live, step('answer', written), step('sync', forwarded)],
    need: 'load',
  },
  {
    name: 'forward: position synced, not renamed',
    steps: [live, step('answer', written), step('rename', forwarded)],
    need: 'load',
  },
  {
    name: 'forward: position renamed, not synced',
    steps: [live, step('answer', written), step('rename', forwarded)],
    behind: true,
    need: 'load',
  },
  {
    name: 'forward: position stored, outbox not released',
    steps: [step('rename', forwarded), step('syncFolder', /^outbox$/)],
    behind: true,
    need: 'load',
  },
  { name: 'notify: before the request', steps: [step('alert', /^/)], need: 'load' },
  { name: 'notify: taken, answer not seen', steps: [step('alertAnswer', /^/)], need: 'load' },
  {
    name: 'notify: position written, not synced',
    steps: [step('alertAnswer', /^/), step('sync', told)],
    need: 'load',
  },
  {
    name: 'notify: position stored',
    steps: [step('alertAnswer', /^/), step('rename', told), step('syncFolder', /^outbox$/)],
    behind: true,
    need: 'load',
  },

  { name: 'reload: asked for', steps: [step('signal', /^SIGHUP$/)], need: 'reload' },
  {
    name: 'reload: asked for, the next batch not written',
    steps: [step('signal', /^SIGHUP$/), step('write', points)],
    need: 'reload',
  },
  {
    name: 'reload: a batch around the take-over synced',
    steps: [step('signal', /^SIGHUP$/), step('sync', points), step('sync', points)],
    behind: true,
    need: 'reload',
  },
  {
    name: 'reload: first checkpoint of the new rules written, not synced',
    steps: [step('signal', /^SIGHUP$/), step('sync', /^checkpoint\.tmp$/)],
    need: 'reload',
  },
  {
    name: 'reload: first checkpoint of the new rules on disk',
    steps: [step('signal', /^SIGHUP$/), step('rename', /^checkpoint\.tmp$/)],
    behind: true,
    need: 'reload',
  },

  {
    name: 'settings: version before written, not synced',
    steps: [step('sync', /^settings\.json\.bak\.tmp$/)],
    need: 'settings',
  },
  {
    name: 'settings: version before renamed, not synced',
    steps: [step('rename', /^settings\.json\.bak\.tmp$/)],
    behind: true,
    need: 'settings',
  },
  {
    name: 'settings: version before on disk, new one not written',
    steps: [step('rename', /^settings\.json\.bak\.tmp$/), step('write', /^settings\.json\.tmp$/)],
    need: 'settings',
  },
  { name: 'settings: written, not synced', steps: [step('sync', /^settings\.json\.tmp$/)], need: 'settings' },
  {
    name: 'settings: synced, not renamed',
    steps: [step('rename', /^settings\.json\.tmp$/)],
    need: 'settings',
  },
  {
    name: 'settings: renamed, not synced',
    steps: [step('rename', /^settings\.json\.tmp$/)],
    behind: true,
    need: 'settings',
  },
  {
    name: 'settings: on disk, not answered',
    steps: [step('rename', /^settings\.json\.tmp$/), step('syncFolder', /^$/)],
    behind: true,
    need: 'settings',
  },
];
