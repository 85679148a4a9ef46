/**
 * Topics that no device wants: the last few, with what a profile would have had to say to want them.
 *
 * Invariant: bounded; a flood of topics pushes out those not heard for longest. No part of the state.
 */

import type { DeviceProfile } from '../config/schema.ts';
import type { UnroutedTopic } from '../core/device-details.ts';
import type { Route } from '../core/frame.ts';
import { closest } from '../core/suggest.ts';

export interface UnroutedTopics {
  note(route: Route, arrivalMs: number): void;
  /** Those heard last first. */
  list(profiles: readonly DeviceProfile[]): UnroutedTopic[];
  /** Goes on from those of a plan before this one, but for topics that are wanted now. */
  takeOver(from: UnroutedTopics, isWanted: (route: Route) => boolean): void;
  entries(): IterableIterator<Heard>;
}

interface Heard {
  readonly route: Route;
  frames: number;
  lastArrivalMs: number;
}

const most = 20;
/** In characters; a topic may have 64 KB. */
const longest = 200;

export function createUnroutedTopics(): UnroutedTopics {
  const topics = new Map<string, Heard>();

  function keep(route: Route, frames: number, lastArrivalMs: number): void {
    const { source } = route;
    const topic = route.topic.length > longest ? `${route.topic.slice(0, longest)}…` : route.topic;
    const name = JSON.stringify([source, topic]);
    const before = topics.get(name);
    topics.delete(name);
    topics.set(name, { route: { source, topic }, frames: (before?.frames ?? 0) + frames, lastArrivalMs });
    if (topics.size > most) topics.delete(topics.keys().next().value!);
  }

  return {
    note: (route, arrivalMs) => keep(route, 1, arrivalMs),
    list: (profiles) =>
      [...topics.values()].reverse().map(({ route, frames, lastArrivalMs }) => {
        const hint = hintFor(route, profiles);
        return { ...route, frames, lastArrivalMs, ...(hint !== undefined && { hint }) };
      }),
    takeOver(from, isWanted) {
      for (const { route, frames, lastArrivalMs } of from.entries()) {
        if (!isWanted(route)) keep(route, frames, lastArrivalMs);
      }
    },
    entries: () => topics.values(),
  };
}

/** What keeps the nearest profile from wanting the topic; undefined when none is near. */
function hintFor({ source, topic }: Route, profiles: readonly DeviceProfile[]): string | undefined {
  const hints = profiles.flatMap((profile) => {
    if (profile.topic === undefined) return [];
    const wanted = levelsOf(profile.topic);
    const found = topic.split('/');
    const wrong = wanted.flatMap((word, i) => (fits(word, found[i]) ? [] : [i]));
    const text = textFor(profile, source, wanted, found, wrong);
    return text === undefined ? [] : [{ text, wrong: wrong.length }];
  });
  return hints.sort((a, b) => a.wrong - b.wrong)[0]?.text;
}

function textFor(
  { device, topic, source: wantedSource }: DeviceProfile,
  source: string,
  wanted: readonly string[],
  found: readonly string[],
  wrong: readonly number[],
): string | undefined {
  const isLonger = found.length > wanted.length && wanted.at(-1) !== '#';
  if (wrong.length === 0 && !isLonger) {
    return wantedSource === undefined || wantedSource === source
      ? undefined
      : `device ${device} wants it from source ${wantedSource}`;
  }
  if (wrong.length === 0) return `device ${device} wants ${topic}, which has fewer levels`;
  const [i] = wrong as [number];
  if (wrong.length > 1 || isLonger) return undefined;
  if (found[i] === undefined) return `device ${device} wants ${topic}, which has more levels`;
  const isNear = closest(found[i], [wanted[i]!]) !== undefined || found.length > 2;
  return isNear ? `device ${device} wants ${topic}: \`${wanted[i]}\`, not \`${found[i]}\`` : undefined;
}

function levelsOf(pattern: string): string[] {
  return pattern.replace(/^\$share\/[^/]+\//, '').split('/');
}

function fits(word: string, level: string | undefined): boolean {
  if (word === '#') return true;
  return level !== undefined && (word === '+' || word.startsWith('{') || word === level);
}
